"""A small COCO folder, 2014 and 2017: real JPEG files, real annotation files, 80 categories."""

import json
from pathlib import Path

import cv2
import numpy as np

from mmpretrain_mlml.labels import COCO_CLASSES, drop_labels, read_instances, write_label_list

MISSING_IDS = {12, 26, 29, 30, 45, 66, 68, 69, 71, 83}  # COCO's category ids have gaps
IDS = [number for number in range(1, 91) if number not in MISSING_IDS]
IMAGES = 8  # a split; the first has no labels
LISTS = {  # those that the configs of photographs read
    'val2014': {'val_full.txt': 'full'},
    'train2014': {
        'train_full.txt': 'full',
        'train_0.4left.txt': '0.4left',
        'train_singlelabel.txt': 'single',
    },
}


def write_coco(root: Path) -> Path:
    random = np.random.RandomState(0)
    (root / 'annotations').mkdir()
    for split in ('train2014', 'val2014'):
        (root / split).mkdir()
        content = write_split(root / split, random)
        (root / f'annotations/instances_{split}.json').write_text(json.dumps(content))
    for split, lists in LISTS.items():
        read = read_instances(root / f'annotations/instances_{split}.json')
        for name, protocol in lists.items():
            kept = drop_labels(read.names, read.labels, protocol)
            write_label_list(root / name, read.names, kept)
    for split in ('train2017', 'val2017'):
        (root / split).mkdir()
        content = write_split(root / split, np.random.RandomState(1), '')
        (root / f'annotations/instances_{split}.json').write_text(json.dumps(content))
    return root


def write_split(folder: Path, random: np.random.RandomState, prefix: str | None = None) -> dict:
    images, annotations = [], []
    prefix = f'COCO_{folder.name}_' if prefix is None else prefix  # of 2014; 2017 has none
    for number in range(1, IMAGES + 1):
        name = f'{prefix}{number:012d}.jpg'
        height, width = random.randint(60, 120, size=2).tolist()
        cv2.imwrite(str(folder / name), random.randint(0, 256, (height, width, 3)))
        images.append({'id': number, 'file_name': name, 'height': height, 'width': width})
        chosen = random.choice(80, size=number - 1, replace=False)
        for k, index in enumerate([*chosen, *chosen[:1]]):  # one object twice
            annotations.append({
                'id': len(annotations), 'image_id': number, 'category_id': IDS[index],
                'iscrowd': k % 2, 'bbox': [0, 0, 9, 9], 'area': 81, 'segmentation': [],
            })  # fmt: skip
    categories = [{'id': i, 'name': name} for i, name in zip(IDS, COCO_CLASSES, strict=True)]
    random.shuffle(categories)
    return {'images': images, 'annotations': annotations, 'categories': categories}
