import json
import os
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import ROOT, SHARED

# imported by tests, or no tests; pytest would import them a second time
collect_ignore = ['helpers', 'stack_matrix.py']


@pytest.fixture(scope='session')
def shared() -> Path:
    """The folder of third-party files that some tests compare with; not part of the project."""
    if not SHARED.is_dir():
        pytest.skip(f'needs the third-party files in {SHARED}, which are not part of the project')
    return SHARED


@pytest.fixture(scope='session')
def official() -> dict:
    """Values computed by the code released with the paper, in float64."""
    return json.loads((ROOT / 'tests/reference/official_values.json').read_text())


@pytest.fixture(scope='session')
def coco_root(tmp_path_factory) -> Path:
    """A COCO 2014 folder in small: real JPEG files and real annotation files, 80 categories.

    The photos configs' label lists lie in it, too.
    """
    from mmpretrain_mlml.labels import (
        COCO_CLASSES,
        drop_labels,
        read_instances,
        write_label_list,
    )

    root = tmp_path_factory.mktemp('coco')
    ids = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 27,
           28, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 46, 47, 48, 49, 50, 51, 52,
           53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63, 64, 65, 67, 70, 72, 73, 74, 75, 76, 77, 78,
           79, 80, 81, 82, 84, 85, 86, 87, 88, 89, 90]  # fmt: skip
    categories = [{'id': i, 'name': name} for i, name in zip(ids, COCO_CLASSES)]
    random = np.random.RandomState(0)
    (root / 'annotations').mkdir()
    for split in ('train2014', 'val2014'):
        (root / split).mkdir()
        images, annotations = [], []
        for number in range(1, 9):
            name = f'COCO_{split}_{number:012d}.jpg'
            height, width = random.randint(60, 120, size=2).tolist()
            cv2.imwrite(str(root / split / name), random.randint(0, 256, (height, width, 3)))
            images.append({'id': number, 'file_name': name, 'height': height, 'width': width})
            chosen = random.choice(80, size=number - 1, replace=False)  # the first has none
            annotations += [
                {'id': len(annotations) + k, 'image_id': number, 'category_id': ids[index],
                 'iscrowd': k % 2, 'bbox': [0, 0, 9, 9], 'area': 81, 'segmentation': []}
                for k, index in enumerate([*chosen, *chosen[:1]])  # one object twice
            ]  # fmt: skip
        random.shuffle(categories)
        content = {'images': images, 'annotations': annotations, 'categories': list(categories)}
        (root / f'annotations/instances_{split}.json').write_text(json.dumps(content))
    for split, lists in (
        ('val2014', {'val_full.txt': 'full'}),
        ('train2014', {'train_full.txt': 'full', 'train_0.4left.txt': '0.4left',
                       'train_singlelabel.txt': 'single'}),
    ):  # fmt: skip
        read = read_instances(root / f'annotations/instances_{split}.json')
        for name, protocol in lists.items():
            kept = drop_labels(read.names, read.labels, protocol)
            write_label_list(root / name, read.names, kept)
    return root


@pytest.fixture(scope='session')
def run_tool():
    """Runs a command in the repository, as a person would, and returns what it printed."""

    def run(*command, expect=0, timeout=300, cwd=ROOT, **env) -> str:
        done = subprocess.run(
            [sys.executable if part == 'python' else str(part) for part in command],
            cwd=cwd,
            env={**os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONPATH': str(ROOT), **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
        assert (done.returncode == 0) == (expect == 0), done.stdout[-4000:]
        return done.stdout

    return run


@pytest.fixture(scope='session')
def free_port():
    """Gives a port on which several processes can meet."""

    def find() -> str:
        with socket.socket() as listener:
            listener.bind(('127.0.0.1', 0))
            return str(listener.getsockname()[1])

    return find


@pytest.fixture(scope='session')
def launch(tmp_path_factory, free_port):
    """Starts a small training run, resuming what there is: (work_dir, *options, processes=...)."""
    from helpers.launched import Launched, write_config

    config = write_config(tmp_path_factory.mktemp('launched'))

    def start(work_dir, *options, processes=1, **kwargs):
        if processes > 1:
            kwargs.setdefault('PORT', free_port())
        return Launched(config, work_dir, '--resume', *options, processes=processes, **kwargs)

    return start


@pytest.fixture(scope='session')
def straight(launch, tmp_path_factory):
    """The folder of such a run that nothing disturbs, by processes and options."""

    @cache
    def run(processes, *cfg):
        work_dir = tmp_path_factory.mktemp('straight') / str(processes)
        assert launch(work_dir, processes=processes, cfg=cfg).wait() == 0
        return work_dir

    return run
