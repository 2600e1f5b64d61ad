"""Scores of every loss of the family on the digit scenes, mean and standard deviation over seeds.

Shows how the losses for missing labels, and those for unknown labels, compare on an easy data set with
the published hyper-parameters. Makes the tables of docs/losses.md.

    python experiments/loss_scores.py --jobs 2 --out docs/results/loss_scores.json
    python experiments/loss_scores.py --only GR ROLE --data OLD.json --out NEW.json

The network is half as wide as the demo's and sees fewer scenes, so that 110 runs take one to two hours
on two cores. Finished runs are not repeated: the same command continues an interrupted one. ``--only``
trains some rows again and takes the others from an earlier file.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
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
SCORES = ('mAP', 'CF1', 'OF1')
Scores = dict[str, dict[str, list[float]]]  # by loss and score, seed by seed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2, 3, 4])
    parser.add_argument('--jobs', type=int, default=cpu_count(), help='runs at a time')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/loss_scores'))
    parser.add_argument('--out', type=Path, help='JSON file for the scores of every run')
    parser.add_argument('--data', type=Path, help='report this earlier --out file; train nothing')
    parser.add_argument(
        '--only', nargs='+', metavar='ROW', help='rows to train again, beside --data'
    )
    args = parser.parse_args()
    rows = {name: config for table in ROWS.values() for name, config in table.items()}
    if args.only:
        if args.data is None or not set(args.only) <= set(rows):
            parser.error(f'--only takes some of {", ".join(rows)}, and needs --data for the others')
        rows = {name: rows[name] for name in args.only}
    seeds, scores = args.seeds, {}
    if args.data:
        data = json.loads(args.data.read_text())
        seeds, scores = data['seeds'], data['runs']
    if args.only or not args.data:
        scores |= run_all(rows, seeds, args.work_dir, args.jobs)
    report(scores)
    if args.out:
        lines = ',\n'.join(f'  "{name}": {json.dumps(row)}' for name, row in scores.items())
        args.out.write_text(f'{{"seeds": {seeds}, "runs": {{\n{lines}\n}}}}\n')


def run_all(rows: Mapping[str, str], seeds: Sequence[int], work_dir: Path, jobs: int) -> Scores:
    """Train every loss with every seed; return the scores after the last epoch, seed by seed.

    Args:
        rows: Config of each loss, by its name.
        seeds: Seeds.
        work_dir: Folder for the runs.
        jobs: Runs at a time.
    """
    runs = {name: [make_run(name, config, seed) for seed in seeds] for name, config in rows.items()}
    train([run for by_seed in runs.values() for run in by_seed], work_dir, jobs, resume=True)
    last = {
        name: [read_scores(work_dir / run.name)[-1] for run in by_seed]
        for name, by_seed in runs.items()
    }
    return {
        name: {score: [round(row[f'multi-label/{score}'], 3) for row in rows] for score in SCORES}
        for name, rows in last.items()
    }


def make_run(name: str, config: str, seed: int) -> Run:
    """Return the run of a loss: its config made small, with a seed for network and labels."""
    return Run(
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


def report(scores: Scores) -> None:
    for title, rows in ROWS.items():
        table = Table('', *SCORES, title=title)
        for name in rows:
            table.add_row(name, *(spread(scores[name][score]) for score in SCORES))
        Console().print(table)


def spread(values: Sequence[float]) -> str:
    return f'{mean(values):.1f} ± {stdev(values):.1f}' if len(values) > 1 else f'{values[0]:.1f}'


if __name__ == '__main__':
    main()
