"""Study files, finished runs that nothing trained, and runs that do little."""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from helpers import ROOT
from helpers.work_dirs import write_run
from mmpretrain_mlml import config
from mmpretrain_mlml.evaluation import Predictions, multi_label_scores
from mmpretrain_mlml.study import Run, RunRecord

DIGITS = """
base = 'digits_full_bce.py'
losses = {'BCE': dict(type='mmpretrain_mlml.BCE'), 'SPLC': dict(type='mmpretrain_mlml.SPLC')}
labels = {'full': dict(protocol='full'), '0.4left': dict(protocol='0.4left')}
seeds = [0, 3]
"""
WIDER = """
backbones = {'narrow': dict(backbone=dict(base_channels=4), head=dict(in_channels=32)), 'wide': {}}
images = [50, 100]
exceptions = {'0.4left': {'SPLC': dict(tau=0.9)}}
options = dict(val_dataloader=dict(dataset=dict(size=40)), train_cfg=dict(max_epochs=2))
"""

DIGITS_SMALL = (
    'train_dataloader.dataset.size=64', 'val_dataloader.dataset.size=40',
    'test_dataloader.dataset.size=40', 'model.backbone.base_channels=2',
    'model.backbone.stem_channels=2', 'model.head.in_channels=16', 'train_cfg.max_epochs=2',
)  # fmt: skip

DEMO_ROWS = [
    'BCE, all labels', 'BCE, 40 % of labels', 'Hill, 40 % of labels', 'SPLC, 40 % of labels',
]  # fmt: skip
OLD_STUDY = ROOT / 'tests/study/old_study'  # trained by version 0.1.0, before study/ was rebuilt
CLASSES = 80
SHORT = {'train_cfg.max_epochs': 2}
SKILL = {'full_bce': 0.8, '0.4left_bce': 0.3, '0.4left_hill': 0.5, '0.4left_splc': 0.6}


def make_predictions(skill, seed=0, images=120):
    """Predictions of a model with a skill in [0, 1]; images and labels are the same for all."""
    targets = (np.random.default_rng(9).random((images, CLASSES)) < 0.08).astype(np.int8)
    targets[:, 7] = 0  # a class that does not occur
    noise = np.random.default_rng(int(1000 * skill) + seed).random(targets.shape)
    scores = (skill * targets + (1 - skill / 2) * noise).clip(0, 1).astype(np.float32)
    names = np.array([f'{n}.jpg' for n in range(images)])
    return Predictions(scores, targets, names, np.array([f'class {n}' for n in range(CLASSES)]))


def write_finished(folder, setting, seed=0, **changes):
    """Write what a finished run of two epochs leaves, with its predictions."""
    predictions = make_predictions(SKILL[setting], seed)
    summary = multi_label_scores(predictions.scores, predictions.targets).summary
    last = {f'multi-label/{key}': value for key, value in summary.items()}
    first = {key: value / 2 for key, value in last.items()}
    changes = {'randomness.seed': seed, **SHORT, **changes}
    write_run(folder, [first, last], name=f'coco_{setting}.py', **changes)
    predictions.save(folder / 'predictions.npz')
    return folder


def write_small_demo(path):
    """Write the study file of the demo with two short epochs of a small network."""
    path.write_text(
        f'_base_ = {config("studies/demo.py")!r}\n'
        'options = dict(\n'
        '    model=dict(backbone=dict(base_channels=2, stem_channels=2), head=dict(in_channels=16)),\n'
        '    train_dataloader=dict(dataset=dict(size=256)),\n'
        '    val_dataloader=dict(dataset=dict(size=40)),\n'
        '    train_cfg=dict(max_epochs=2),\n'
        ')\n'
    )
    return path


def make_record(*scores, loss='BCE', labels='full', seed=0, published=None, **fields):
    """Return the record of a run with an mAP for each epoch; OF1 is half of it."""
    rows = [
        {'step': step, 'multi-label/mAP': score, 'multi-label/OF1': score / 2}
        for step, score in enumerate(scores, 1)
    ]
    return RunRecord(
        Path(f'{loss}_{labels}_{seed}'), 'setting', 'recipe', loss, labels, seed, published,
        len(rows), rows, **fields,
    )  # fmt: skip


def write_runs_of_the_paper(root):
    """Write runs with the paper's recipe, one that is not finished, and one of another recipe."""
    for seed, best in ((0, 74.0), (1, 76.0)):
        write_run(
            root / f'splc{seed}',
            [60] * 29 + [best, 70.0],
            **{'randomness.seed': seed},
        )
    write_run(root / 'deeper/hill', [60] * 30 + [(50, 73.25)], name='coco_0.4left_hill.py')
    listed = {'train_dataloader.dataset.ann_file': 'coco_train_singlelabel.txt'}
    listed['train_dataloader.dataset.protocol'] = 'full'
    write_run(root / 'listed', [70] * 31, name='coco_single_bce.py', **listed)
    write_run(root / 'unfinished', [60] * 7, **{'randomness.seed': 2})
    on_asl = {**SHORT, 'model.backbone.depth': 101}
    write_run(root / 'other', [61, 62], name='coco_0.4left_splc_on-asl.py', **on_asl)
    return root


@dataclass(frozen=True)
class LittleRun(Run):
    """A run whose process is a line of Python."""

    code: str = 'pass'

    def command(self, folder, resume):
        return [sys.executable, '-c', self.code, *(['--resume'] if resume else [])]


def little_run(name, code='pass', **kwargs):
    return LittleRun(name, 'digits_full_bce.py', name, **kwargs, code=code)


def read_out_log(folder, name):
    return (folder / name / 'out.log').read_text()
