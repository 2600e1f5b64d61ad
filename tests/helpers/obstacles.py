"""Places at which a test can stop a training process; imported by that process.

OBSTACLE=PLACE:EPOCH[:RANK[:WHAT]] (epoch 1-based, rank 0 by default) makes one process write its id to
the file REACHED when it gets there, and wait to be killed. With WHAT=raise it raises an error instead,
with WHAT=nan its loss is NaN from there on.
"""

import math
import os
import time
from pathlib import Path

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmpretrain.models import GlobalAveragePooling
from mmpretrain.registry import HOOKS, MODELS
from torch import nn

from mmpretrain_mlml.checkpoints import AtomicLocalBackend
from mmpretrain_mlml.runtime.unwrap import unwrap_model

WAIT = 3600  # seconds


@MODELS.register_module()
class PoolingWithDropout(GlobalAveragePooling):
    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(0.2)

    def forward(self, inputs):
        return tuple(map(self.dropout, super().forward(inputs)))


@HOOKS.register_module()
class Obstacle(Hook):
    """The places, in the order in which an epoch passes them.

    training             before the fifth batch of the epoch
    writing epoch        with half of the epoch's file on the disk, under its temporary name
    written epoch        before that file gets its name
    renamed epoch        the file has its name, last_checkpoint does not name it yet
    pointing             last_checkpoint is open for writing, and so empty
    validating           with the validation half done
    validated            the scores are known, and nothing is done about them yet
    writing best         with half of the best file on the disk
    renamed best         the best file is there, and nothing else
    noting               the best score is about to enter the epoch's file
    """

    priority = 'HIGHEST'

    def before_train(self, runner):
        place, epoch, rank, what = [*os.environ.get('OBSTACLE', '').split(':'), '', '', '', ''][:4]
        if not place or get_rank() != int(rank or 0):
            return
        self.place, self.epoch, self.what = place, int(epoch), what
        self.noting = False
        self.model = unwrap_model(runner.model)
        if place.split()[0] in ('writing', 'written', 'renamed', 'pointing', 'noting'):
            self.watch_writes()

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if batch_idx == 4:
            self.stop_at('training', runner.epoch + 1)

    def before_val_iter(self, runner, batch_idx, data_batch=None):
        if batch_idx == 2:
            self.stop_at('validating', runner.epoch)

    def after_val_epoch(self, runner, metrics=None):
        self.stop_at('validated', runner.epoch)
        self.noting = True

    def stop_at(self, place, epoch):
        if (place, epoch) != (getattr(self, 'place', None), getattr(self, 'epoch', None)):
            return
        reached = Path(os.environ['REACHED'])
        if reached.exists():  # written by the process that this one replaces
            return
        reached.with_suffix('.part').write_text(str(os.getpid()))
        reached.with_suffix('.part').replace(reached)
        if self.what == 'raise':
            raise ValueError(f'an error of process {get_rank()} alone')
        if self.what == 'nan':
            self.model.head.loss_module.loss_weight = math.nan
            return
        time.sleep(WAIT)

    def watch_writes(self):
        put, obstacle = AtomicLocalBackend.put, self

        def watched(backend, obj, filepath):
            name = Path(filepath).name
            epoch = int(name.removesuffix('.pth').rpartition('_')[2])
            kind = 'best' if name.startswith('best') else 'epoch'
            part = Path(filepath).with_name(f'.{name}.0123abcd.part')
            if obstacle.noting and kind == 'epoch':
                obstacle.stop_at('noting', epoch)
            for place, size in ((f'writing {kind}', len(obj) // 2), (f'written {kind}', len(obj))):
                if (place, epoch) == (obstacle.place, obstacle.epoch):
                    part.write_bytes(obj[:size])
                    obstacle.stop_at(place, epoch)
            put(backend, obj, filepath)
            obstacle.stop_at(f'renamed {kind}', epoch)
            if kind == 'epoch' and (obstacle.place, obstacle.epoch) == ('pointing', epoch):
                Path(filepath).with_name('last_checkpoint').write_text('')
                obstacle.stop_at('pointing', epoch)

        AtomicLocalBackend.put = watched
