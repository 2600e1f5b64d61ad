"""Folders of photographs as the configs of photographs read them: drawn ones, or the part of one.

python benchmarks/photo_folder.py FOLDER --images 2500     # of PHOTOS_ROOT, with MOBILENET_V2_WEIGHTS

The part holds the first photographs for training and all for validation, the label lists, the names of
the classes and the pretrained weights, for a machine with a GPU: see gpu.py.
"""

import argparse
import os
import shutil
from pathlib import Path

import numpy as np
from input import draw

from mmpretrain_mlml.labels import COCO_CLASSES

LIMIT = 60.0  # MiB
DRAWN = 32  # different pictures; further names are links to them
TRAIN_LISTS = 'train_full.txt', 'train_0.4left.txt'
VAL_LIST = 'val_full.txt'
WEIGHTS = 'mobilenet_v2.pth'


def draw_folder(folder: Path, train: int, val: int, side: int | None = None) -> None:
    """Write drawn JPEG files, by default of 640 x 480 pixels, and their label lists.

    Args:
        folder: Folder to make.
        train: Number of images for training.
        val: Number of images for validation.
        side: Height and width of the images.
    """
    random = np.random.default_rng(0)
    pictures = []
    for number in range(min(DRAWN, train)):
        pictures.append(folder / f'{number}.jpg')
        folder.mkdir(parents=True, exist_ok=True)
        picture = draw(number)
        (picture.resize((side, side)) if side else picture).save(pictures[-1], quality=90)
    for split, count in ('train2014', train), ('val2014', val):
        (folder / split).mkdir()
        lines = []
        for number in range(count):
            os.link(pictures[number % len(pictures)], folder / split / f'{number}.jpg')
            # each class once at least, if there are images enough
            ids = {number % len(COCO_CLASSES), *random.integers(0, len(COCO_CLASSES), 2).tolist()}
            lines.append(f'{number}.jpg,{" ".join(map(str, sorted(ids)))}\n')
        for name in TRAIN_LISTS if split == 'train2014' else [VAL_LIST]:
            (folder / name).write_text(''.join(lines))
    (folder / 'classes.txt').write_text('\n'.join(COCO_CLASSES) + '\n')


def copy_part(source: Path, weights: Path, folder: Path, images: int) -> float:
    """Copy a part of a folder of photographs; return its size in MiB.

    Args:
        source: Folder of photographs.
        weights: File of pretrained weights.
        folder: Folder to make.
        images: Number of photographs for training.
    """
    folder.mkdir(parents=True)
    for name in (*TRAIN_LISTS, VAL_LIST):
        lines = (source / name).read_text().splitlines(keepends=True)
        kept = lines[:images] if name in TRAIN_LISTS else lines
        (folder / name).write_text(''.join(kept))
        split = folder / f'{name.split("_")[0]}2014'
        split.mkdir(exist_ok=True)
        for file in (line.split(',')[0].strip() for line in kept):
            shutil.copyfile(source / split.name / file, split / file)
    shutil.copyfile(source / 'classes.txt', folder / 'classes.txt')
    shutil.copyfile(weights, folder / WEIGHTS)
    return sum(file.stat().st_size for file in folder.rglob('*') if file.is_file()) / 2**20


def main() -> None:
    """Copy the part and say how large it is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('folder', type=Path, help='folder to make')
    parser.add_argument('--images', type=int, default=2500, help='photographs for training')
    args = parser.parse_args()
    try:
        source = Path(os.environ['PHOTOS_ROOT'])
        weights = Path(os.environ['MOBILENET_V2_WEIGHTS'])
        size = copy_part(source, weights, args.folder, args.images)
    except KeyError as error:
        raise SystemExit(f'error: set {error.args[0]} to what is to be copied') from error
    except OSError as error:
        raise SystemExit(f'error: {error}') from error
    print(f'{args.folder}: {size:.1f} MiB')
    if size > LIMIT:
        raise SystemExit(f'error: more than {LIMIT:.0f} MiB; take fewer --images')


if __name__ == '__main__':
    main()
