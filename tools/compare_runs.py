"""Compares runs class by class: what each gains over the first, with intervals over images.

python tools/compare_runs.py work_dirs/bce work_dirs/hill --out work_dirs/hill_over_bce
python tools/compare_runs.py BCE=bce_0 BCE=bce_1 Hill=hill_0 Hill=hill_1    # means over seeds
"""

import argparse
from pathlib import Path

from command_line import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        'runs', nargs='+', metavar='[NAME=]RUN',
        help='work directory with predictions.npz, or an .npz file that MultiLabelScores(out=...) '
        'wrote; the first is the reference; runs with the same NAME, such as seeds, are averaged',
    )  # fmt: skip
    parser.add_argument('--out', type=Path, help='writes OUT.md, OUT.json and OUT.png')
    parser.add_argument(
        '--threshold', type=float, help="for OF1; default: that of the run's validation, or 0.5"
    )
    parser.add_argument(
        '--missing', type=Path,
        help='JSON object {class: share of its labels that was missing in training}; by default it is '
        'counted in the training labels of the runs',
    )  # fmt: skip
    parser.add_argument('--resamples', type=int, default=1000)
    parser.add_argument('--seed', type=int, default=0, help='seed of the resamples')
    args = parser.parse_args()
    if args.resamples < 2:
        parser.error(f'--resamples: expected 2 or more, got {args.resamples}')
    if args.threshold is not None and not 0 <= args.threshold <= 1:
        parser.error(f'--threshold: expected a number in [0, 1], got {args.threshold}')
    from dataclasses import replace

    from mmengine.logging import MMLogger
    from rich.console import Console
    from rich.markdown import Markdown

    from mmpretrain_mlml.evaluation.expected_rates import read_rates
    from mmpretrain_mlml.printable import printable
    from mmpretrain_mlml.study import compare_runs, read_compared_run, write_comparison
    from mmpretrain_mlml.study.records.compared_run import names_of_runs
    from mmpretrain_mlml.study.report.comparison_report import comparison_text

    MMLogger.get_current_instance().setLevel('WARNING')  # each config logs its variables
    try:
        runs = {
            name: [read_compared_run(path, args.threshold, args.missing is None) for path in paths]
            for name, paths in names_of_runs(args.runs).items()
        }
        comparison = compare_runs(runs, args.resamples, args.seed)
        if args.missing is not None:
            shares = read_rates(args.missing, comparison.classes)
            comparison = replace(comparison, missing=shares, missing_in=args.missing.name)
        text = comparison_text(comparison)
        files = write_comparison(comparison, args.out) if args.out else []
    except (OSError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    Console(width=120, highlight=False).print(Markdown(text))
    if files:
        print('written: ' + ', '.join(printable(file) for file in files))


if __name__ == '__main__':
    run(main)
