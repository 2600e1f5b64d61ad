"""What the public data sets consist of: files, where they are, how they are recognised.

Checksums are those that other projects publish: of Pascal VOC torchvision's, of COCO those on which
several agree. Where nobody publishes any, the contents are counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .contents import Content, Listed, Present, Shown


@dataclass(frozen=True)
class Archive:
    """A file to download.

    Attributes:
        name: File name.
        url: Its address.
        holds: What is there once it is unpacked.
        md5: Its MD5, which finds damage, not malice; empty if none is known.
        size: Its size in bytes; None if it is not known.
        into: Folder below the root into which it is unpacked.
        strip: First folder inside it that is left out, if it is there.
        packed: Whether it is unpacked; otherwise it stays as it is.
    """

    name: str
    url: str
    holds: tuple[Content, ...]
    md5: str = ''
    size: int | None = None
    into: str = ''
    strip: str = ''
    packed: bool = True


@dataclass(frozen=True)
class PublicData:
    """A release of a data set.

    Attributes:
        title: Its name.
        variable: Environment variable that says where it lies.
        folder: Where it lies otherwise.
        archives: Files to download.
        by_hand: What has to be got by hand, by what it is, with how; ``{root}`` is its folder.
    """

    title: str
    variable: str
    folder: str
    archives: tuple[Archive, ...]
    by_hand: Mapping[Content, str]


_COCO = 'https://s3.amazonaws.com/images.cocodataset.org'  # whose own name has no valid certificate
_VOC = 'https://thor.robots.ox.ac.uk/pascal/VOC'
_NUS = 'https://lms.comp.nus.edu.sg/wp-content/uploads/2019/research/nuswide'
_OPEN_IMAGES = 'https://storage.googleapis.com/openimages/v7'


def _coco(
    year: str, annotations: tuple[str, int], *splits: tuple[str, int, int, str]
) -> PublicData:
    instances = [Present(f'annotations/instances_{name}.json') for name, *_ in splits]
    labels = {
        'train2014': Shown('annotations/instances_train2014.json', 82_081, 241_035),
        'val2014': Shown('annotations/instances_val2014.json', 40_137, 116_592),
    }
    known = tuple(labels.get(name, one) for (name, *_), one in zip(splits, instances))
    name = f'annotations_trainval{year}.zip'
    archives = [Archive(name, f'{_COCO}/annotations/{name}', known, *annotations)]
    for split, number, size, md5 in splits:
        images = (Present(split, number, '.jpg'),)
        archives.append(Archive(f'{split}.zip', f'{_COCO}/zips/{split}.zip', images, md5, size))
    return PublicData(f'COCO {year}', 'COCO_ROOT', 'data/coco', tuple(archives), {})


def _voc(year: int, *archives: tuple[str, str, int, str, int]) -> PublicData:
    return PublicData(
        f'Pascal VOC {year}',
        'VOC_ROOT',
        'data/VOCdevkit',
        tuple(
            Archive(
                name,
                f'{_VOC}/voc{year}/{name}',
                (
                    Listed(
                        f'VOC{year}/ImageSets/Main/{split}.txt',
                        number,
                        (f'VOC{year}/JPEGImages/{{}}.jpg', f'VOC{year}/Annotations/{{}}.xml'),
                    ),
                ),
                md5,
                size,
                strip='VOCdevkit',
            )
            for name, md5, size, split, number in archives
        ),
        {},
    )


_LABELS = 'Groundtruth/TrainTestLabels'
CATALOGUE: dict[str, PublicData] = {
    'coco2014': _coco(
        '2014',
        ('0a379cfc70b0e71301e0f377548639bd', 252_872_794),
        ('train2014', 82_783, 13_510_573_713, '0da8c0bd3d6becc4dcb32757491aca88'),
        ('val2014', 40_504, 6_645_013_297, 'a3d79f5ed8d289b7a7554ce06a5782b3'),
    ),
    'coco2017': _coco(
        '2017',
        ('f4bbac642086de4f52a3fdda2de5fa2c', 252_907_541),
        ('train2017', 118_287, 19_336_861_798, 'cced6f7f71b7629ddf16f17bbcfab6b2'),
        ('val2017', 5_000, 815_585_330, '442b8da7639aecaf257c1dceb8ba8c80'),
    ),
    'voc2007': _voc(
        2007,
        (
            'VOCtrainval_06-Nov-2007.tar', 'c52e279531787c972589f7e41ab4ae64', 460_032_000,
            'trainval', 5_011,
        ),
        (
            'VOCtest_06-Nov-2007.tar', 'b6e924de25625d8de591ea690078ad9f', 451_020_800,
            'test', 4_952,
        ),
    ),
    'voc2012': _voc(
        2012,
        (
            'VOCtrainval_11-May-2012.tar', '6cd6e144f989b92b3379bac3b3de84fd', 1_999_639_040,
            'trainval', 11_540,
        ),
    ),
    'nus': PublicData(
        'NUS-WIDE',
        'NUS_ROOT',
        'data/nuswide',
        (
            Archive(
                'ImageList.zip',
                f'{_NUS}/ImageList.zip',
                (
                    Present('ImageList/TrainImagelist.txt', 161_789),
                    Present('ImageList/TestImagelist.txt', 107_859),
                ),
                into='ImageList',
                strip='ImageList',
            ),
            Archive(
                'Groundtruth.zip',
                f'{_NUS}/Groundtruth.zip',
                (
                    Present(_LABELS, 162, '.txt'),
                    Present(f'{_LABELS}/Labels_airport_Train.txt', 161_789),
                    Present(f'{_LABELS}/Labels_zebra_Test.txt', 107_859),
                ),
                into='Groundtruth',
                strip='Groundtruth',
            ),
        ),
        {
            Present('Flickr'): f'the photographs: ask for them at {_NUS}/NUS-WIDE.html, and unpack '
            'them so that {root}/Flickr/actor/0001_2124494179.jpg is there'
        },
    ),
    'openimages': PublicData(
        'Open Images V7',
        'OPENIMAGES_ROOT',
        'data/openimages',
        (
            Archive(
                'oidv7-classes-trainable.txt',
                f'{_OPEN_IMAGES}/oidv7-classes-trainable.txt',
                (Present('oidv7-classes-trainable.txt', 9_605),),
                packed=False,
            ),
            *(
                Archive(name, f'{_OPEN_IMAGES}/{name}', (Present(name),), packed=False)
                for name in (
                    'oidv7-class-descriptions.csv',
                    'oidv7-val-annotations-human-imagelabels.csv',
                    'oidv7-test-annotations-human-imagelabels.csv',
                    'oidv7-train-annotations-human-imagelabels.csv',
                )
            ),
        ),
        {
            Present(split): f'the images of {split}{size}: aws s3 --no-sign-request sync '
            f's3://open-images-dataset/{split} {{root}}/{split}'
            for split, size in (
                ('validation', ' (12 GB)'),
                ('test', ' (36 GB)'),
                ('train', ' that have boxes (513 GB; docs/datasets.md says where the others are)'),
            )
        },
    ),
}  # fmt: skip
