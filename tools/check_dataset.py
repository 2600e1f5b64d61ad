"""Check all labels and images of a config's data sets.

Exit code: 0 without errors (there may be warnings), 1 with errors, 2 if nothing can be checked.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from command_line import DictAction, run

NARROWEST = 100  # columns of a table; a terminal of fewer wraps its lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('config')
    parser.add_argument(
        '--workers', type=int, help='number of processes that decode images; default: one a core'
    )
    parser.add_argument('--out', type=Path, default=Path('problems.json'), help='report to write')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={})
    args = parser.parse_args()
    if args.workers is not None and args.workers < 1:
        parser.error('expected --workers >= 1')
    from joblib import cpu_count
    from mmengine.registry import init_default_scope
    from rich.console import Console

    import mmpretrain_mlml  # noqa: F401  registers the data sets
    from mmpretrain_mlml.datasets.check import (
        as_json,
        check,
        kinds_table,
        problem_table,
        summary_table,
    )
    from mmpretrain_mlml.printable import printable
    from mmpretrain_mlml.runtime.read_config import read_config

    try:
        cfg = read_config(args.config, args.cfg_options)
        init_default_scope(cfg.get('default_scope', 'mmpretrain'))
        report = check(cfg, args.workers or cpu_count())
    except Exception as error:
        parser.error(printable(f'{args.config} cannot be checked: {type(error).__name__}: {error}'))

    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps({'config': args.config, **as_json(report)}, indent=2))
    width_known = sys.stdout.isatty() or 'COLUMNS' in os.environ
    console = Console(width=max(Console().width, NARROWEST) if width_known else 160)
    console.print(summary_table(report), kinds_table(report))
    if report.problems:
        console.print(problem_table(report.problems))
    if report.decoded:
        speed = report.decoded / report.seconds
        print(f'{report.decoded:,} image files in {report.seconds:.0f} s, {speed:.0f} a second')
    else:
        print('no image files: only the labels were checked')
    warnings = len(report.problems) - report.errors
    print(f'{report.errors} errors, {warnings} warnings; all of them are in {args.out}')
    return 1 if report.errors else 0


if __name__ == '__main__':
    run(main)
