"""Small copies of public data sets in their published layouts: real JPEG files, real label files."""

from pathlib import Path

import cv2
import numpy as np

from mmpretrain_mlml.labels.public_sets import NUS_WIDE_CLASSES, VOC_CLASSES

# image: objects as class, difficult; of the split train. The last two are those of val, or test.
VOC = {
    '2008_000001': [('cat', 0), ('person', 1), ('person', 0)],
    '2008_000002': [('chair', 1), ('sofa', 0)],
    '2008_000003': [('train', 0)],
    '2008_000004': [('bottle', 1)],
    '2008_000005': [('cat', 1), ('dog', 0)],
    '2008_000006': [('aeroplane', 0), ('tvmonitor', 0)],
}
NUS = {  # image: concepts, as above
    'actor/0001_2124494179.jpg': ['person'],
    'actor/0002_174174086.jpg': [],
    'zoo/0007_5.jpg': ['animal', 'zebra', 'sky'],
    'bridge/0003_221597162.jpg': ['bridge', 'lake', 'water'],
    'sky/0004_1.jpg': ['sky', 'clouds'],
    'sky/0005_2.jpg': ['sun'],
}
TRAINABLE = 9605
OPEN_IMAGES = {  # image: label by class number, 1 present, 0 absent, as above
    '000002b66c9c498e': {0: 1, 1: 0, 9604: 1},
    '000002b97e5471a0': {3: 1, 4: 0},
    '000002c707c9895e': {5: 0},
    '0000048549557964': {0: 0, 7: 1},
    '0001eeaf4aed83f9': {0: 1, 1: 0, 2: 1},
    '0004886b7d043cfd': {9604: 0},
}


def draw(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    random = np.random.RandomState(seed)
    cv2.imwrite(str(path), random.randint(0, 256, (40, 50, 3), np.uint8))


def write_voc(root: Path, year: int = 2012) -> Path:
    """Write VOCdevkit/VOC<year> below root; return the folder of the year."""
    folder, images = root / f'VOCdevkit/VOC{year}', list(VOC)
    (folder / 'ImageSets/Main').mkdir(parents=True)
    (folder / 'Annotations').mkdir()
    held_out = 'test' if year == 2007 else 'val'
    lists = {'train': images[:4], 'trainval': images[:4], held_out: images[4:]}
    for name, listed in lists.items():
        lines = ''.join(f'{image}\n' for image in listed)
        (folder / f'ImageSets/Main/{name}.txt').write_text(lines)
    for seed, (image, objects) in enumerate(VOC.items()):
        draw(folder / f'JPEGImages/{image}.jpg', seed)
        (folder / f'Annotations/{image}.xml').write_text(annotation(image, objects))
    return folder


def annotation(image: str, objects: list) -> str:
    """An annotation file of VOC. A person has parts, which are objects of other names."""
    lines = ['<annotation>', '\t<folder>VOC2012</folder>', f'\t<filename>{image}.jpg</filename>']
    for name, difficult in objects:
        parts = '\n\t\t<part>\n\t\t\t<name>head</name>\n\t\t</part>' if name == 'person' else ''
        said = f'\n\t\t<difficult>{difficult}</difficult>' if name != 'train' else ''  # some do not
        lines.append(f'\t<object>\n\t\t<name>{name}</name>{said}{parts}\n\t</object>')
    return '\n'.join([*lines, '</annotation>', ''])


def write_nus(root: Path) -> Path:
    """Write the folders of NUS-WIDE; return their root."""
    images = list(NUS)
    for part in ('ImageList', 'Groundtruth/TrainTestLabels'):
        (root / part).mkdir(parents=True)
    for split, chosen in (('Train', images[:4]), ('Test', images[4:])):
        names = ''.join(image.replace('/', '\\') + '\r\n' for image in chosen)
        (root / f'ImageList/{split}Imagelist.txt').write_bytes(names.encode())
        for concept in NUS_WIDE_CLASSES:
            labels = ''.join(f'{int(concept in NUS[image])}\n' for image in chosen)
            path = root / f'Groundtruth/TrainTestLabels/Labels_{concept}_{split}.txt'
            path.write_text(labels)
    for seed, image in enumerate(images):
        draw(root / 'Flickr' / image, seed)
    return root


def write_open_images(root: Path) -> Path:
    """Write the files of Open Images V7, with 9,605 trainable classes; return their root."""
    root.mkdir(parents=True, exist_ok=True)
    ids = [class_id(number) for number in range(TRAINABLE)]
    (root / 'oidv7-classes-trainable.txt').write_text('\n'.join(ids) + '\n')
    rows = [f'{one},{name_of(number)}' for number, one in enumerate([*ids, '/m/other'])]
    descriptions = 'LabelName,DisplayName\n' + '\n'.join(rows) + '\n'
    (root / 'oidv7-class-descriptions.csv').write_text(descriptions)
    (root / 'oidv7-class-descriptions-boxable.csv').write_text('LabelName,DisplayName\n')
    images = list(OPEN_IMAGES)
    for split, word, chosen in (
        ('train', 'train', images[:4]),
        ('validation', 'val', images[4:]),
    ):
        lines = ['ImageID,Source,LabelName,Confidence']
        for seed, image in enumerate(chosen):
            draw(root / split / f'{image}.jpg', seed)
            lines += [
                f'{image},verification,{class_id(number)},{label}'
                for number, label in OPEN_IMAGES[image].items()
            ]
            lines.append(f'{image},verification,/m/other,1')  # not trainable
        path = root / f'oidv7-{word}-annotations-human-imagelabels.csv'
        path.write_text('\n'.join(lines) + '\n')
    return root


def class_id(number: int) -> str:
    return f'/m/0{number:05d}'


def name_of(number: int) -> str:
    """The name of a class; the classes 3 and 4 are both cranes."""
    return 'Crane' if number in (3, 4) else f'"Class, {number}"'


def write_public_sets(root: Path) -> Path:
    """Write all of them to root, as data/ holds them; return it."""
    write_voc(root, 2007)
    write_voc(root, 2012)
    write_nus(root / 'nuswide')
    write_open_images(root / 'openimages')
    return root


def voc_labels(image: str, difficult: int = 0) -> dict:
    """Label by class name of an image: 1, or ``difficult`` where all objects are."""
    labels: dict = {}
    for name, is_difficult in VOC[image]:
        labels[name] = max(labels.get(name, -2), difficult if is_difficult else 1)
    return labels


assert set(VOC_CLASSES) >= {name for objects in VOC.values() for name, _ in objects}
