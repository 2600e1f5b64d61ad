"""Writes label lists from COCO's own annotations, for the photos configs and studies.

python tools/write_lists.py data/coco [--out data/photos] [--seed 0]
"""

import argparse
from pathlib import Path

from mmpretrain_mlml.labels import drop_labels, read_instances, write_label_list

LISTS = {'full': 'full', '0.75left': '0.75left', '0.4left': '0.4left', 'single': 'singlelabel'}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('coco', type=Path, help='folder with annotations/instances_*2014.json')
    parser.add_argument('--out', type=Path, help='folder of the lists; default: the same')
    parser.add_argument('--seed', type=int, default=0, help='of the labels that are dropped')
    args = parser.parse_args()
    out = args.out or args.coco
    out.mkdir(parents=True, exist_ok=True)
    for split in ('train', 'val'):
        read = read_instances(args.coco / f'annotations/instances_{split}2014.json')
        shown = [(name, present) for name, present in zip(read.names, read.labels) if len(present)]
        names, labels = zip(*shown)
        for protocol, word in LISTS.items() if split == 'train' else [('full', 'full')]:
            kept = drop_labels(names, labels, protocol, args.seed)
            write_label_list(out / f'{split}_{word}.txt', names, kept)
            print(f'{out}/{split}_{word}.txt: {len(names)} images, {sum(map(len, kept))} labels')


if __name__ == '__main__':
    main()
