"""Make a project of a table of tags: look at it, split it, write a config that trains.

python tools/new_project.py tags.csv --images photos/ --out my_tags
"""

import argparse
from pathlib import Path

from command_line import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('table', help='CSV, TSV, JSON lines, Parquet, list or folder: docs/tags.md')
    parser.add_argument('--images', type=Path, required=True, help='folder of the images')
    parser.add_argument('--out', type=Path, required=True, help='folder to write; must not exist')
    parser.add_argument(
        '--backbone', default='resnet50_8xb32_in1k',
        help='any network of MMPretrain or timm (default: %(default)s)',
    )  # fmt: skip
    parser.add_argument(
        '--no-pretrained', dest='pretrained', action='store_false', help='start from random weights'
    )
    parser.add_argument('--image-size', type=int, help='pixels (default: as in the pretraining)')
    parser.add_argument('--val', type=Path, help='table of the validation set (default: draw one)')
    parser.add_argument(
        '--val-share',
        type=float,
        default=0.1,
        help='share of images to draw (default: %(default)s)',
    )
    parser.add_argument('--seed', type=int, default=0, help='seed of the draw')
    parser.add_argument(
        '--group-column', metavar='NAME',
        help='column that says which images belong together, such as takes of one scene',
    )  # fmt: skip
    parser.add_argument('--classes', type=Path, help='class list (default: all in the table)')
    parser.add_argument(
        '--skip-missing', action='store_true', help='leave images without a file out'
    )
    parser.add_argument(
        '--table-options', nargs='+', action='extend', default=[], metavar='KEY=VALUE',
        help='how the table is read, such as layout=rows columns.image=foto: docs/tags.md',
    )  # fmt: skip
    args = parser.parse_args()
    if args.val and args.group_column:
        parser.error('expected --val or --group-column, got both')
    if args.image_size is not None and args.image_size < 1:
        parser.error('expected --image-size >= 1')
    if args.seed < 0:
        parser.error('expected --seed >= 0')
    import mmpretrain_mlml  # noqa: F401  registers the parts
    from mmpretrain_mlml.labels.tables import parse_table_options
    from mmpretrain_mlml.project import new_project

    given = vars(args)
    try:
        options = parse_table_options(given.pop('table_options'))
        project = new_project(**given, table_options=options)
    except (OSError, ValueError, TypeError, ImportError) as error:
        raise SystemExit(f'error: {error}') from error
    for line in [*project.found, project.split, project.loss]:
        print(line)
    for line in project.warnings:
        print(f'warning: {line}')
    print(f'written: {project.config}; next:')
    width = max(len(command) for command, _ in project.next_steps)
    for command, purpose in project.next_steps:
        print(f'  {command:{width}}  # {purpose}')


if __name__ == '__main__':
    run(main)
