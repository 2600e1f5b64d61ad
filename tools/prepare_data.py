"""Download a public data set, verify it, and say how to get by hand what is missing.

python tools/prepare_data.py voc --years 2012
python tools/prepare_data.py coco --check          # only look at what is there

Downloads resume. What is there is not downloaded again. The exit code is 0 if all is there.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from command_line import run

YEARS = {'coco': ('2014', '2017'), 'voc': ('2007', '2012')}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('name', choices=('coco', 'voc', 'nus', 'openimages'))
    parser.add_argument(
        '--years', nargs='+', help='of COCO (default: 2014) and VOC (default: both)'
    )
    parser.add_argument('--root', type=Path, help='its folder (default: where the configs look)')
    parser.add_argument('--check', action='store_true', help='download nothing')
    parser.add_argument('--mirror', default='', help='address of a folder that has the files')
    parser.add_argument('--remove-archives', action='store_true', help='once they are unpacked')
    args = parser.parse_args()
    known = YEARS.get(args.name, ())
    wrong = [year for year in args.years or () if year not in known]
    if wrong:
        expected = f'expected {" or ".join(known)}' if known else f'{args.name} has no years'
        parser.error(f'--years {wrong[0]}: {expected}')
    from mmpretrain_mlml.preparation import CATALOGUE

    years = args.years or (known[:1] if args.name == 'coco' else known) or ('',)
    complete = [_prepare(CATALOGUE[args.name + year], args) for year in years]
    return int(not all(complete))


def _prepare(data: Any, args: argparse.Namespace) -> bool:
    """Get one release; return whether all of it is there."""
    from mmpretrain_mlml.preparation import ArchiveError, DownloadError, examine, prepare

    root = args.root or Path(os.environ.get(data.variable, data.folder))
    findings = None
    try:
        if not args.check:
            with _progress() as report:
                findings = prepare(data, root, args.mirror, not args.remove_archives, report)
    except (ArchiveError, DownloadError, OSError) as error:
        sys.stderr.write(f'error: {error}\n')
    print(f'{data.title} in {root}')
    findings = examine(data, root) if findings is None else findings
    for part, fault, how in findings:
        print(f'  {part}: {fault or "complete"}')
        if fault:
            print(f'    by hand: {how}')
    return not any(finding.fault for finding in findings)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int | None], None]]:
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn('{task.description}'), BarColumn(), TextColumn('{task.fields[done]}'))
    with Progress(*columns, TimeRemainingColumn(), transient=True) as progress:
        task = progress.add_task('', done='', total=None)

        def report(what: str, done: int, total: int | None) -> None:
            text = f'{done / 1e9:.2f} GB' if what.startswith('downloading') else f'{done:,} files'
            progress.update(task, description=what, completed=done, total=total, done=text)

        yield report


if __name__ == '__main__':
    run(main)
