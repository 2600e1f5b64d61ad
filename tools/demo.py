"""What Hill and SPLC gain over BCE when 60 % of the labels are missing, on embedded images.

Trains the four digits configs with tools/train.py, prints a table, and writes demo.json and demo.png.
"""

import argparse
import json
from pathlib import Path

from joblib import cpu_count
from rich.console import Console

from mmpretrain_mlml.study import Run, draw, gap_closed, summarise, table, train

SETTINGS = {
    'BCE, all labels': 'digits_full_bce.py',
    'BCE, 40 % of labels': 'digits_0.4left_bce.py',
    'Hill, 40 % of labels': 'digits_0.4left_hill.py',
    'SPLC, 40 % of labels': 'digits_0.4left_splc.py',
}


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
            options=[f'randomness.seed={seed}', f'train_dataloader.dataset.seed={seed}'],
        )
        for seed in args.seeds
        for label, config in SETTINGS.items()
    }
    print(f'training {len(runs)} small networks, {args.jobs} at a time, into {args.work_dir}')
    scores = train(list(runs.values()), args.work_dir, args.jobs)

    outcomes = {
        label: summarise(label, [scores[runs[label, seed].name] for seed in args.seeds])
        for label in SETTINGS
    }
    high, low, *repaired = outcomes.values()
    closed = {outcome.label: gap_closed(low, high, outcome) for outcome in repaired}
    Console().print(table(list(outcomes.values()), closed))

    found = {
        'seeds': args.seeds,
        'mAP_gap_closed_percent': closed,
        'runs': {label: outcome.history for label, outcome in outcomes.items()},
    }
    (args.work_dir / 'demo.json').write_text(json.dumps(found, indent=2))
    title = 'Digit scenes, 40 % of the training labels left'
    draw(list(outcomes.values()), title, args.work_dir / 'demo.png')
    print(f'written: {args.work_dir}/demo.json and {args.work_dir}/demo.png')


if __name__ == '__main__':
    main()
