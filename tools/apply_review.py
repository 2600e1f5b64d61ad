"""Turn the decisions of a review into labels: present 1, absent 0, unsure unchanged.

python tools/apply_review.py configs/my_tags.py decisions.csv --out tags_v2.csv
"""

import argparse
import shlex
import sys
from pathlib import Path

from command_line import DictAction, run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config')
    parser.add_argument(
        'decisions', type=Path, nargs='+',
        help='files that the review page saved, or exports of Label Studio, CVAT or FiftyOne',
    )  # fmt: skip
    parser.add_argument(
        '--out', type=Path, required=True,
        help='labels to write: .csv, .tsv, .jsonl or .parquet, or .txt, which holds positives only',
    )  # fmt: skip
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    args = parser.parse_args()

    from mmpretrain_mlml.audit import apply_review, training_labels
    from mmpretrain_mlml.audit.next_training import training_options
    from mmpretrain_mlml.runtime.read_config import read_config

    try:
        cfg = read_config(args.config, args.cfg_options)
        review = apply_review(training_labels(cfg), args.decisions, args.out)
    except (OSError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error
    for line in review.lines():
        print(line)
    given = [one for one in sys.argv if one.partition('=')[0] in args.cfg_options]
    options = training_options(cfg, args.out, given)
    if options is not None:
        print(
            f'next: python tools/train.py {shlex.quote(args.config)} '
            f'--work-dir {shlex.quote(f"work_dirs/{args.out.stem}")} '
            f'--cfg-options {shlex.join(options)}'
        )
    return 0


if __name__ == '__main__':
    run(main)
