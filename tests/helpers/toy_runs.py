"""Runs of a linear network on random numbers, with our hooks: some hundredths of a second each."""

import os
import signal
from pathlib import Path
from uuid import uuid4

import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmpretrain.registry import DATASETS, MODELS
from torch import nn

PARTS = 'mmpretrain_mlml'


@MODELS.register_module()
class ToyNet(BaseModel):
    """A linear network; ``head`` is only kept in the config."""

    def __init__(self, width=4, classes=3, extra=False, head=None):
        super().__init__()
        self.fc = nn.Linear(width, classes)
        if extra:
            self.extra = nn.Linear(2, 2)

    def forward(self, inputs, index, mode='tensor'):
        return {'loss': self.fc(inputs).square().sum()}


@DATASETS.register_module()
class ToyData(torch.utils.data.Dataset):
    """Random numbers, with names and labels that only their digests show."""

    def __init__(self, size=48, classes=3, names='a', labels=0):
        self.metainfo = {'classes': tuple(map(str, range(classes)))}
        self.size, self.names, self.labels = size, names, labels

    def __len__(self):
        return self.size

    def get_data_info(self, index):
        return {'img_path': f'{self.names}{index}.jpg', 'gt_label': [(index + self.labels) % 3]}

    def __getitem__(self, index):
        return {'inputs': torch.full((4,), index / self.size), 'index': index}


def toy_runner(work_dir: Path, **changes) -> Runner:
    """A runner for three epochs of three iterations; keys of changes may be dotted, hooks None."""
    cfg = Config(
        {
            'default_scope': 'mmpretrain',
            'work_dir': str(work_dir),
            'experiment_name': f'{work_dir.name}-{uuid4()}',
            'log_level': 'WARNING',
            'randomness': {'seed': 0},
            'model': {'type': 'ToyNet'},
            'train_dataloader': {
                'batch_size': 16,
                'num_workers': 0,
                'collate_fn': {'type': 'default_collate'},
                'sampler': {'type': 'DefaultSampler', 'shuffle': True},
                'dataset': {'type': 'ToyData'},
            },
            'train_cfg': {'by_epoch': True, 'max_epochs': 3},
            'optim_wrapper': {'optimizer': {'type': 'Adam', 'lr': 0.01}},
            'param_scheduler': None,
            'default_hooks': {
                'checkpoint': {'type': f'{PARTS}.SafeCheckpointHook', 'interval': 1},
                'interruption': {'type': f'{PARTS}.InterruptionHook'},
                'run_identity': {'type': f'{PARTS}.RunIdentityHook'},
                'runtime_info': {'type': 'RuntimeInfoHook'},
                'sampler_seed': {'type': 'DistSamplerSeedHook'},
                'timer': {'type': 'IterTimerHook'},
                'logger': {'type': 'LoggerHook'},
                'param_scheduler': {'type': 'ParamSchedulerHook'},
            },
            'custom_hooks': [],
        }
    )
    for key, value in changes.items():
        if '.' in key:
            cfg.merge_from_dict({key: value})
        else:
            cfg[key] = value
    for name in [name for name, hook in cfg.default_hooks.items() if hook is None]:
        del cfg.default_hooks[name]
    return Runner.from_cfg(cfg)


class Record(Hook):
    """Learning rate and momentum before each iteration, and the samples of its batch."""

    def __init__(self):
        self.rates = {}
        self.samples = {}

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        group = runner.optim_wrapper.param_groups[0]
        momentum = group['betas'][0] if 'betas' in group else group['momentum']
        self.rates[runner.iter] = group['lr'], momentum
        self.samples[runner.iter] = sorted(data_batch['index'].tolist())


class Stop(Hook):
    """Ends training: as a kill does before an epoch, or as SIGTERM does after an iteration."""

    def __init__(self, epoch=None, iteration=None):
        self.epoch, self.iteration = epoch, iteration

    def before_train_epoch(self, runner):
        if runner.epoch == self.epoch:
            raise KeyboardInterrupt

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter + 1 == self.iteration:
            os.kill(os.getpid(), signal.SIGTERM)


def toy_run(work_dir: Path, stop: Stop | None = None, **changes) -> tuple[Record, Runner]:
    """Train, to the end or until it is stopped."""
    runner, record = toy_runner(work_dir, **changes), Record()
    runner.register_hook(record)
    if stop is None:
        runner.train()
    else:
        runner.register_hook(stop, 'HIGHEST')
        with pytest.raises((KeyboardInterrupt, SystemExit)):
            runner.train()
    return record, runner
