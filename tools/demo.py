"""What Hill and SPLC gain over BCE when 60 % of the labels are missing, on embedded images.

Trains the four digits configs with tools/train.py, prints a table, and writes demo.json and demo.png.
"""

import argparse
import json
from pathlib import Path

from joblib import cpu_count
from rich.console import Console

from mmpretrain_mlml.study import (
    Run,
    draw,
    gap_closed,
    read_recovery,
    read_scores,
    summarise,
    table,
    train,
)

SETTINGS = {
    'BCE, all labels': 'digits_full_bce.py',
    'BCE, 40 % of labels': 'digits_0.4left_bce.py',
    'Hill, 40 % of labels': 'digits_0.4left_hill.py',
    'SPLC, 40 % of labels': 'digits_0.4left_splc.py',
}
MONITOR = [
    'default_hooks.recovery.type=mmpretrain_mlml.LabelRecoveryHook',
    'default_hooks.recovery.full_labels.protocol=full',
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seeds', type=int, nargs='+', default=[0])
    parser.add_argument('--jobs', type=int, default=min(4, cpu_count()))
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/demo'))
    args = parser.parse_args()

    runs = {
        (label, seed): Run(
            name=f'{Path(config).stem}_seed{seed}',
            config=config,
            label=f'{label}, seed {seed}',
            options=[
                f'randomness.seed={seed}',
                f'train_dataloader.dataset.seed={seed}',
                *MONITOR,
            ],
        )
        for seed in args.seeds
        for label, config in SETTINGS.items()
    }
    print(f'training {len(runs)} small networks, {args.jobs} at a time, into {args.work_dir}')
    train(list(runs.values()), args.work_dir, args.jobs)

    outcomes = {}
    for label in SETTINGS:
        folders = [args.work_dir / runs[label, seed].name for seed in args.seeds]
        scores = [read_scores(folder) for folder in folders]
        outcomes[label] = summarise(label, scores, [read_recovery(folder) for folder in folders])
    high, low, *repaired = outcomes.values()
    closed = {outcome.label: gap_closed(low, high, outcome) for outcome in repaired}
    Console().print(table(list(outcomes.values()), closed))

    found = {
        'seeds': args.seeds,
        'mAP_gap_closed_percent': closed,
        'runs': {label: outcome.history for label, outcome in outcomes.items()},
        'recovered': {label: o.recovered for label, o in outcomes.items() if o.recovered},
    }
    (args.work_dir / 'demo.json').write_text(json.dumps(found, indent=2))
    title = 'Digit scenes, 40 % of the training labels left'
    draw(list(outcomes.values()), title, args.work_dir / 'demo.png')
    print(f'written: {args.work_dir}/demo.json and {args.work_dir}/demo.png')
    print(f'missed labels that a loss found, epoch by epoch: {args.work_dir}/*/recovery.png')


if __name__ == '__main__':
    main()
