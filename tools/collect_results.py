"""Turns work directories into the paper's table: losses by label lists, mean and spread over seeds.

python tools/collect_results.py work_dirs --out work_dirs/results
"""

import argparse
from pathlib import Path

from command_line import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('work_dirs', type=Path, nargs='+', help='folders of runs, or above them')
    parser.add_argument('--out', type=Path, help='writes OUT.md and OUT.png')
    parser.add_argument(
        '--score',
        choices=['best', 'last'],
        default='best',
        help='the best epoch, raw or averaged, as the paper counts; or the last one',
    )
    args = parser.parse_args()
    from mmpretrain_mlml.printable import printable
    from mmpretrain_mlml.study.comparison.cells import group_by_setting
    from mmpretrain_mlml.study.records import find_runs, read_run
    from mmpretrain_mlml.study.report.markdown import SCORE_TITLES, paper_markdown
    from mmpretrain_mlml.study.report.score_figures import draw_scores

    try:
        runs = {folder: read_run(folder) for folder in find_runs(args.work_dirs)}
        for folder in (folder for folder, record in runs.items() if record is None):
            print(f'left out, since it has no multi-label/mAP yet: {printable(folder)}')
        records = [record for record in runs.values() if record]
        text = paper_markdown(records, args.score)
        print(text)
        if args.out:
            args.out.parent.mkdir(parents=True, exist_ok=True)
            Path(f'{args.out}.md').write_text(text, encoding='utf-8')
            rows = {name: (cells, args.score) for name, cells in group_by_setting(records).items()}
            draw_scores(rows, f'mAP, {SCORE_TITLES[args.score]}', Path(f'{args.out}.png'))
            print(f'written: {args.out}.md and {args.out}.png')
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error


if __name__ == '__main__':
    run(main)
