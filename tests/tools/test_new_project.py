"""Two commands: new_project.py, then train.py."""

import csv
import json

import cv2
import pytest
import torch

from mmpretrain_mlml.datasets.digit_scenes import make_scenes
from mmpretrain_mlml.labels import read_tag_table, write_tag_table
from mmpretrain_mlml.repairs.loading import load_from_local


def draw(folder) -> None:
    (folder / 'photos').mkdir()
    scenes, labels = make_scenes('train', 64)
    with (folder / 'tags.csv').open('w', newline='') as file:
        rows = csv.writer(file)
        rows.writerow(['image', 'tags'])
        for number, (scene, digits) in enumerate(zip(scenes, labels)):
            cv2.imwrite(str(folder / f'photos/{number}.png'), scene)
            rows.writerow([f'{number}.png', ', '.join(f'digit {digit}' for digit in digits[:2])])


def test_a_table_of_tags_trains_in_two_commands(run_tool, tmp_path):
    draw(tmp_path)
    new = ('python', 'tools/new_project.py', tmp_path / 'tags.csv', '--images', tmp_path / 'photos')
    new += ('--table-options', 'separator=,')
    small = ('--backbone', 'test_resnet', '--no-pretrained', '--image-size', '32')
    said = run_tool(*new, '--out', tmp_path / 'my_tags', *small)
    config = tmp_path / 'my_tags/config.py'
    for expected in (
        '64 images, 10 classes',
        'stratified',
        'warning: ',
        f'tools/train.py {config}',
    ):
        assert expected in said
    assert 'interrupted' not in run_tool(
        'python', 'tools/train.py', config, '--cfg-options', 'train_cfg.max_epochs=1'
    )
    assert (tmp_path / 'my_tags/run/epoch_1.pth').exists()
    said = run_tool(*new, '--out', tmp_path / 'my_tags', *small, expect=1)
    assert said.count('error: ') == 1
    assert 'my_tags exists: give another name' in said


@pytest.mark.slow
def test_photographs_train_from_pretrained_weights(run_tool, shared, tmp_path):
    """Weights of MMPretrain's zoo, from a local file, as without a network."""
    weights = shared / 'weights/mobilenet_v2_in1k.pth'
    classes = (shared / 'photos/classes.txt').read_text().split()
    table = read_tag_table(shared / 'photos/train_0.4left.txt', classes).take(range(64))
    write_tag_table(tmp_path / 'tags.csv', table)
    run_tool(
        'python', 'tools/new_project.py', tmp_path / 'tags.csv', '--out', tmp_path / 'my_tags',
        '--images', shared / 'photos/train2014', '--backbone', 'mobilenet-v2_8xb32_in1k',
        '--image-size', '96',
    )  # fmt: skip
    said = run_tool(
        'python', 'tools/train.py', tmp_path / 'my_tags/config.py', '--cfg-options',
        'train_cfg.max_epochs=2', f'model.backbone.init_cfg.checkpoint={weights}',
    )  # fmt: skip
    assert f'load backbone in model from: {weights}' in said
    (log,) = (tmp_path / 'my_tags/run').glob('*/vis_data/scalars.json')
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert sum('multi-label/mAP' in row for row in rows) == 2
    trained, before = (
        load_from_local(path)['state_dict']['backbone.conv1.conv.weight'].float()
        for path in (tmp_path / 'my_tags/run/epoch_2.pth', weights)
    )
    assert 0 < torch.dist(trained, before) < 0.1 * before.norm()
