"""A small MMEngine runner on digit scenes, and a loss that records its epoch."""

from copy import deepcopy
from pathlib import Path
from uuid import uuid4

from mmengine.config import Config
from mmengine.runner import Runner
from mmpretrain.registry import MODELS

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
