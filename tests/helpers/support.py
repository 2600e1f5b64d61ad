"""A real runner in small, a loss that records its epoch, a released network, a run's folder."""

import json
from copy import deepcopy
from pathlib import Path
from uuid import uuid4

import torch
import torchvision
from mmengine.config import Config
from mmengine.runner import Runner
from mmpretrain.registry import MODELS
from torch import nn

from mmpretrain_mlml import config
from mmpretrain_mlml.losses import MultiLabelLoss

VALIDATION = {  # for make_runner, which trains without
    'val_cfg': {},
    'val_dataloader': {
        'batch_size': 20,
        'num_workers': 0,
        'sampler': {'type': 'DefaultSampler', 'shuffle': False},
        'dataset': {
            'type': 'mmpretrain_mlml.DigitScenes',
            'split': 'test',
            'size': 50,
            'pipeline': [{'type': 'PackInputs'}],
            'test_mode': True,
        },
    },
    'val_evaluator': {'type': 'mmpretrain_mlml.MultiLabelScores'},
}


@MODELS.register_module()
class EpochRecorder(MultiLabelLoss):
    """A loss from outside the package that needs the epoch and records the epochs it was given."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.epochs = []
        self.used = []

    def set_epoch(self, epoch, max_epochs=None):
        self.epochs.append((epoch, max_epochs))

    def elementwise(self, pred, target):
        self.used.append(self.epochs[-1][0])
        return pred.float().square()


def make_runner(work_dir: Path, **changes) -> Runner:
    cfg = Config.fromfile(config('digits_0.4left_splc.py'))
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = f'{work_dir.name}-{uuid4()}'
    cfg.log_level = 'WARNING'
    cfg.model.backbone.update(base_channels=2, stem_channels=2)
    cfg.model.head.in_channels = 16
    cfg.model.head.loss = {'type': 'EpochRecorder', '_delete_': True}
    cfg.train_dataloader.dataset.size = 48
    cfg.train_dataloader.batch_size = 16  # three iterations a pass
    for key in ('val_dataloader', 'val_cfg', 'val_evaluator'):
        cfg[key] = {} if key in changes else None
    cfg.default_hooks.checkpoint.save_best = None
    cfg.train_cfg = {'by_epoch': True, 'max_epochs': 3}
    cfg.merge_from_dict(deepcopy(changes))  # which takes the _delete_ out
    cfg.model.head.pop('_delete_', None)
    cfg.model.head.get('loss', {}).pop('_delete_', None)
    return Runner.from_cfg(cfg)


def released_network(seed=0):
    """A network as the released trainer builds it, with statistics that are not all zero and one."""
    torch.manual_seed(seed)
    net = torchvision.models.resnet50(weights=None)
    net.fc = nn.Linear(2048, 80)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.8, 1.2)
            module.weight.data.uniform_(0.5, 1.0)
    return net.eval()


def write_run(
    folder, scores, time='20260101_000000', first=1, name='coco_0.4left_splc.py', **changes
):
    """What a run leaves, without its weights; a score may be a pair of averaged and raw, or a dict."""
    cfg = Config.fromfile(config(name))
    cfg.merge_from_dict(changes)
    log = folder / time / 'vis_data'
    log.mkdir(parents=True)
    cfg.dump(str(log / 'config.py'))
    rows = [{'loss': 1.0, 'step': 5}]
    for step, score in enumerate(scores, first):
        if not isinstance(score, dict):
            averaged, raw = score if isinstance(score, tuple) else (score, score - 1)
            score = {'multi-label/mAP': averaged, 'raw/multi-label/mAP': raw}
        rows.append({**score, 'step': step})
    (log / 'scalars.json').write_text('\n'.join(json.dumps(row) for row in rows))
