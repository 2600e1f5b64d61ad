"""Data sets that give targets and data sets that list labels train and validate together."""

import json

import cv2
import numpy as np
import pytest
import torch
from helpers.runners import VALIDATION, make_runner

from mmpretrain_mlml import BCE, DigitScenes

LABELS = [[0, 3], [9], []]
LOAD = {'type': 'LoadImageFromFile', 'color_type': 'grayscale'}


@pytest.fixture
def listed(tmp_path):
    """A data set of MMPretrain: three black images."""
    for number in range(len(LABELS)):
        cv2.imwrite(str(tmp_path / f'{number}.png'), np.zeros((48, 48), np.uint8))
    rows = [{'img_path': f'{n}.png', 'gt_label': labels} for n, labels in enumerate(LABELS)]
    (tmp_path / 'listed.json').write_text(json.dumps({'metainfo': {}, 'data_list': rows}))
    return {
        'type': 'MultiLabelDataset',
        'ann_file': str(tmp_path / 'listed.json'),
        'data_prefix': str(tmp_path),
        'classes': list('0123456789'),
        'pipeline': [LOAD, {'type': 'PackInputs'}],
    }


class RecordingBCE(BCE):
    def forward(self, pred, target, **kwargs):
        self.targets = [*getattr(self, 'targets', ()), target]
        return super().forward(pred, target, **kwargs)


@pytest.mark.parametrize('unknown', [0.0, 0.5])
def test_both_kinds_in_one_batch(tmp_path, listed, unknown):
    scenes = {'type': 'mmpretrain_mlml.DigitScenes', 'size': 13, 'unknown': unknown,
              'pipeline': [{'type': 'PackInputs'}]}  # fmt: skip
    both = {'type': 'ConcatDataset', 'datasets': [scenes, listed]}
    evaluation = {**VALIDATION['val_dataloader'], 'dataset': both}
    runner = make_runner(
        tmp_path, **{**VALIDATION, 'val_dataloader': evaluation},
        train_cfg={'max_epochs': 1}, train_dataloader={'dataset': {**both, '_delete_': True}},
    )  # fmt: skip
    loss = runner.model.head.loss_module = RecordingBCE()
    runner.train()
    (targets,) = loss.targets
    dataset = DigitScenes(size=13, unknown=unknown, pipeline=[{'type': 'PackInputs'}])
    expected = [dataset[index]['data_samples'].gt_score for index in range(13)]
    expected += [torch.zeros(10).index_fill_(0, torch.tensor(labels, dtype=torch.long), 1.0)
                 for labels in LABELS]  # fmt: skip
    assert sorted(map(tuple, targets.tolist())) == sorted(tuple(row.tolist()) for row in expected)
    assert 'val/multi-label/mAP' in runner.message_hub.log_scalars
