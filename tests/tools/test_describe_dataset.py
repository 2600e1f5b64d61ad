"""The command-line tool that describes the labels of data sets."""

import json

from helpers.training import CONFIG
from PIL import Image


def test_sets_are_described_and_warned_of(run_tool, tmp_path):
    sizes = [f'{split}_dataloader.dataset.size=40' for split in ('train', 'val', 'test')]
    options = [
        *sizes,
        'train_dataloader.dataset.protocol=single',
        'val_dataloader.dataset.protocol=single',
    ]
    tool = ('python', 'tools/describe_dataset.py', CONFIG, '--out', tmp_path / 'new')
    said = run_tool(*tool, '--cfg-options', *options)
    assert 'warning: val: 1.00 labels an image, training has 1.00 and is incomplete' in said
    content = json.loads((tmp_path / 'new/description.json').read_text())
    assert content['sets']['train']['labels_an_image'] == 1
    assert content['warnings'][0] in said
    with Image.open(tmp_path / 'new/train.png') as picture:
        assert picture.size[0] > 1000
    said = run_tool('python', 'tools/describe_dataset.py', 'no.py', '--out', tmp_path, expect=1)
    assert 'error: no.py cannot be described' in said
