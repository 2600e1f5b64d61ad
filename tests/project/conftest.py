import csv
import random

import cv2
import pytest

from mmpretrain_mlml.datasets.digit_scenes import make_scenes


@pytest.fixture(scope='session')
def drawn(tmp_path_factory):
    """A folder with 120 drawn scenes in photos/, and tags.csv with some of their tags."""
    folder = tmp_path_factory.mktemp('drawn')
    (folder / 'photos').mkdir()
    scenes, labels = make_scenes('train', 120)
    chance = random.Random(0)
    with (folder / 'tags.csv').open('w', newline='') as file:
        rows = csv.writer(file)
        rows.writerow(['image', 'tags', 'scene'])
        for number, (scene, digits) in enumerate(zip(scenes, labels)):
            cv2.imwrite(str(folder / f'photos/{number:03}.png'), scene)
            kept = [f'digit {digit}' for digit in digits if chance.random() < 0.6]
            rows.writerow([f'{number:03}.png', ';'.join(kept), number // 3])
    return folder
