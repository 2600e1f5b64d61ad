"""Pictures and tables, given to backends that record what they get."""

import csv

import numpy as np
import pytest
from helpers.hostile_names import HOSTILE_NAMES
from mmengine.visualization import BaseVisBackend, LocalVisBackend, MLflowVisBackend

from mmpretrain_mlml.visualization.backends import add_picture, add_table


class Recording(BaseVisBackend):
    """A backend of a third party."""

    def __init__(self):
        self.got = []

    def experiment(self):
        return None

    def _init_env(self):
        return None

    def add_image(self, name, image, step=0, **kwargs):
        self.got.append((name, step))


class RecordingMLflow(MLflowVisBackend):
    """MLflow's, of which nothing is started."""

    def __init__(self):
        self.got = []

    def add_image(self, name, image, step=0, **kwargs):
        self.got.append((name, step))


class Visualizer:
    def __init__(self, *backends):
        self._vis_backends = dict(enumerate(backends))


def test_pictures_of_mlflow_are_files_of_their_own():
    mlflow, other = RecordingMLflow(), Recording()
    for name in ('12', 'a.jpg', *HOSTILE_NAMES):
        add_picture(Visualizer(mlflow, other), name, np.zeros((2, 2, 3), np.uint8), 7)
    assert mlflow.got[:2] == [('12_7.png', 7), ('a.jpg_7.png', 7)]
    assert not [name for name, _ in mlflow.got if set(name) & set('/\\:#?%<>\n\x1b')]
    assert other.got[:2] == [('12', 7), ('a.jpg', 7)]


def test_a_table_is_a_file_on_disk_and_other_backends_are_named(tmp_path):
    rows = [[name, index, None] for index, name in enumerate(HOSTILE_NAMES) if name != '\ud800']
    backend = LocalVisBackend(str(tmp_path / 'not there yet'))
    visualizer = Visualizer(backend, Recording())
    assert add_table(visualizer, 'val_classes', ['class', 'n', 'AP'], rows, 3) == ['Recording']
    with (tmp_path / 'not there yet/val_classes_3.csv').open(newline='') as file:
        found = list(csv.reader(file))
    assert found == [['class', 'n', 'AP'], *([name, str(n), ''] for name, n, _ in rows)]


def test_a_table_on_a_full_disk_is_an_error(tmp_path):
    (tmp_path / 'file').write_text('')
    backend = LocalVisBackend.__new__(LocalVisBackend)
    backend._save_dir = str(tmp_path / 'file')
    with pytest.raises(OSError, match='file'):
        add_table(Visualizer(backend), 'x', ['a'], [[1]], 0)
