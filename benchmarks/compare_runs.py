"""Compares finished runs of any studies in one report, with intervals of the differences to one loss.

python benchmarks/compare_runs.py work_dirs/photos/0.4left_* work_dirs/beyond_photos_10000/* \
    --reference SPLC --out work_dirs/compared

Hooks and losses of benchmarks/ need PYTHONPATH=benchmarks:$PWD.
"""

import argparse
from pathlib import Path

from mmpretrain_mlml.study.records import read_record
from mmpretrain_mlml.study.report import write_report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('runs', type=Path, nargs='+', help='work directories of runs')
    parser.add_argument('--reference', default='BCE', help='the loss to compare with')
    parser.add_argument('--out', type=Path, required=True, help='folder of the report')
    args = parser.parse_args()
    records = [read_record(run) for run in args.runs if run.name != 'report']
    print(write_report(records, args.out, args.out.name, reference=args.reference))


if __name__ == '__main__':
    main()
