"""A training and a validation set with every kind of bad and unusual image and line."""

import os
from typing import NamedTuple

import pytest
from helpers.check import coco_loader
from helpers.pictures import BAD, ODD, PATCHED, WHOLE, encode, picture
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmpretrain_mlml.datasets.check import Report, check

LONG = 'x' * 300 + '.jpg'  # longer than a file name can be
GOOD = {f'good {n}.jpg': encode(picture(20 + n, 20)) for n in range(4)}


class Checked(NamedTuple):
    """A folder of data sets, the names of its training images, and the report of their check."""

    root: object
    names: list
    report: Report


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


@pytest.fixture(scope='session')
def checked(tmp_path_factory):
    init_default_scope('mmpretrain')
    root = tmp_path_factory.mktemp('checked')
    for folder in ('train', 'val'):
        (root / folder).mkdir()
    files = {**GOOD, 'patched.jpg': PATCHED, 'twin.jpg': GOOD['good 1.jpg']}
    files |= {f'{kind}.jpg': content for kind, content in {**BAD, **ODD}.items()}
    for name, content in files.items():
        (root / 'train' / name).write_bytes(content)
    os.mkfifo(root / 'train/pipe.jpg')
    names = [*files, 'pipe.jpg', 'missing.jpg']
    lines = [f'{name},{n % 10}' for n, name in enumerate(names)]
    lines += ['no comma', 'a.jpg,10', 'b.jpg,-1', '', '../up.jpg,1', f'{names[0]},1', 'c.jpg,1 1']
    lines += ['n\x00l.jpg,1', f'{LONG},1', 'n://t.jpg,1']
    (root / 'train.txt').write_text('\n'.join(lines) + '\n')
    (root / 'val/leak.jpg').write_bytes(GOOD['good 2.jpg'])
    (root / 'val/good 3.jpg').write_bytes(WHOLE['PNG'])  # another picture with the same name
    (root / 'val.txt').write_text('leak.jpg,0\ngood 3.jpg,1 2\n')
    options = {'metainfo': {'classes': tuple('abcdefghij')}}
    train = coco_loader(
        root, ann_file='train.txt', data_prefix='train', protocol='0.4left', **options
    )
    val = coco_loader(root, ann_file='val.txt', data_prefix='val', test_mode=True, **options)
    cfg = Config({'train_dataloader': train, 'val_dataloader': val, 'test_dataloader': val})
    path = root / 'config.py'
    path.write_text(cfg.pretty_text)
    return Checked(root, names, check(Config.fromfile(path), workers=2))
