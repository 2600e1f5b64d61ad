"""Write label lists from COCO's own annotations, for the photos configs and studies.

python tools/write_lists.py data/coco [--out data/photos] [--images 10000 1200] [--seed 0]
"""

import argparse
import random
from pathlib import Path

from command_line import run

LISTS = {'full': 'full', '0.75left': '0.75left', '0.4left': '0.4left', 'single': 'singlelabel'}


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
    from mmpretrain_mlml.labels import drop_labels, read_instances, write_label_list

    splits = {}
    for split, number in zip(('train', 'val'), args.images):
        path = args.coco / f'annotations/instances_{split}2014.json'
        if not path.is_file():
            raise SystemExit(f'error: no {path}; expected the folder that holds COCO 2014')
        images = list(zip(*read_instances(path)))
        splits[split] = draw_images(images, number, args.seed)
    out = args.out or args.coco
    out.mkdir(parents=True, exist_ok=True)
    for split, images in splits.items():
        names, labels = zip(*images)
        for protocol, word in LISTS.items() if split == 'train' else [('full', 'full')]:
            kept = drop_labels(names, labels, protocol, args.seed)
            write_label_list(out / f'{split}_{word}.txt', names, kept)
            print(f'{out}/{split}_{word}.txt: {len(names)} images, {sum(map(len, kept))} labels')


def draw_images(images: list, number: int | None, seed: int) -> list:
    """Draw ``number`` images, all if None, in their order."""
    if number is None:
        return images
    if not 0 < number <= len(images):
        raise SystemExit(
            f'error: --images {number}: expected 1 to {len(images)}, the number of images with a label'
        )
    return [images[n] for n in sorted(random.Random(seed).sample(range(len(images)), number))]


if __name__ == '__main__':
    run(main)
