"""Write label lists from COCO's own annotations; deprecated: use make_labels.py.

python tools/write_lists.py data/coco [--out data/photos] [--images 10000 1200] [--seed 0]
"""

import argparse
import sys
from pathlib import Path

from command_line import run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('coco', type=Path, help='folder with annotations/instances_*2014.json')
    parser.add_argument('--out', type=Path, help='folder of the lists, by default the same')
    parser.add_argument(
        '--images', type=int, nargs=2, metavar=('TRAIN', 'VAL'), default=(None, None),
        help='number of images of each split, drawn at random; by default all',
    )  # fmt: skip
    parser.add_argument(
        '--seed', type=int, default=0, help='seed for drawing images and for dropping labels'
    )
    args = parser.parse_args()
    from mmpretrain_mlml.labels.making import write_coco_lists

    sys.stderr.write('write_lists.py is deprecated; use make_labels.py COCO --out FOLDER\n')
    out = args.out or args.coco
    try:
        for path, table in write_coco_lists(args.coco, out, args.images, args.seed, overwrite=True):
            print(f'{path}: {len(table)} images, {len(table.values)} labels')
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(f'error: {error}') from error


if __name__ == '__main__':
    run(main)
