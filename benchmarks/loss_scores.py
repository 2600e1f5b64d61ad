"""Scores of every loss of the family on the digit scenes, mean and standard deviation over seeds.

python benchmarks/loss_scores.py [--seeds 0 1 2 3 4] [--jobs 2] [--out docs/loss_scores.json]

Half as wide a network and fewer scenes than the demo's, so that the 110 runs take one to two hours on
two cores. A run that is finished is not run again: started anew, the command goes on where it was.
"""

import argparse
import json
from pathlib import Path
from statistics import mean, stdev

from joblib import cpu_count
from rich.console import Console
from rich.table import Table

from mmpretrain_mlml.study import Run, read_scores, train

SMALL = (
    'train_dataloader.dataset.size=12000',
    'model.backbone.stem_channels=8',
    'model.backbone.base_channels=8',
    'model.head.in_channels=64',
    'default_hooks.checkpoint.max_keep_ckpts=1',
)
ROWS = {
    '40 % of the labels left': {
        'BCE, all labels': 'full_bce',
        'BCE (assume negative)': '0.4left_bce',
        'WAN': '0.4left_wan',
        'AN-LS': '0.4left_anls',
        'Focal': '0.4left_focal',
        'Focal margin': '0.4left_focalmargin',
        'ASL': '0.4left_asl',
        'Hill': '0.4left_hill',
        'SPLC': '0.4left_splc',
        'RLC': '0.4left_rlc',
        'EM': '0.4left_em',
        'EM + APL': '0.4left_apl',
        'LL-R': '0.4left_llr',
        'LL-Ct': '0.4left_llct',
        'LL-Cp': '0.4left_llcp',
        'EPR': '0.4left_epr',
        'ROLE': '0.4left_role',
        'GR': '0.4left_gr',
        'TwoWay': '0.4left_twoway',
    },
    'half of all entries unknown': {
        'BCE, unknown as negative': 'rps_bce',
        'Ignore': 'rps_ignore',
        'P-ASL with CSL': 'rps_pasl',
    },
}
ROLE_TABLE = 'model.head.loss.num_samples=12000'
KEYS = ('mAP', 'CF1', 'OF1')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2, 3, 4])
    parser.add_argument('--jobs', type=int, default=cpu_count())
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/loss_scores'))
    parser.add_argument('--out', type=Path, help='writes the scores of every run as JSON')
    args = parser.parse_args()

    configs = {name: config for rows in ROWS.values() for name, config in rows.items()}
    runs = {
        (name, seed): Run(
            name=f'{config}_seed{seed}',
            config=f'digits_{config}.py',
            label=f'{name}, seed {seed}',
            options=(
                *SMALL,
                *([ROLE_TABLE] if name == 'ROLE' else []),
                f'randomness.seed={seed}',
                f'train_dataloader.dataset.seed={seed}',
            ),
        )
        for seed in args.seeds
        for name, config in configs.items()
    }
    train(list(runs.values()), args.work_dir, args.jobs, go_on=True)
    last = {
        name: [read_scores(args.work_dir / runs[name, seed].name)[-1] for seed in args.seeds]
        for name in configs
    }
    if args.out:
        args.out.write_text(json.dumps({'seeds': args.seeds, 'runs': last}, indent=1))
    for title, rows in ROWS.items():
        table = Table('', *KEYS, title=title)
        for name in rows:
            table.add_row(
                name, *(spread([run[f'multi-label/{key}'] for run in last[name]]) for key in KEYS)
            )
        Console().print(table)


def spread(values: list[float]) -> str:
    return f'{mean(values):.1f} ± {stdev(values):.1f}' if len(values) > 1 else f'{values[0]:.1f}'


if __name__ == '__main__':
    main()
