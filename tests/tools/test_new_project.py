"""Two commands: new_project.py, then train.py."""

import csv

import cv2

from mmpretrain_mlml.datasets.digit_scenes import make_scenes


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
