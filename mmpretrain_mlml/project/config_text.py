"""The config of a project, as a person would write it."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..paths import config as shipped_config
from ..printable import printable
from .backbone import SIZE, Backbone
from .code_text import Variable, as_code, text_code

BEST = 'best_multi-label_mAP_epoch_N.pth'


@dataclass(frozen=True)
class Settings:
    """What stands in the config beside the backbone.

    Attributes:
        source: The table that the project was made of.
        images: Folder of the images, absolute.
        folder: Folder of the project, absolute.
        given: The same, as it was given.
        num_classes: Number of classes.
        batch_size: Images in a batch.
        num_workers: Processes that load images, >= 1.
        epochs: Number of epochs.
        learning_rate: Highest learning rate.
        loss: Config of the loss.
        why: Why this loss: one line.
        train_unlisted: What an entry is that the training table does not list.
        val_unlisted: The same of the validation table.
        all_scored: Whether every class has a validation image.
    """

    source: str
    images: Path
    folder: Path
    given: Path
    num_classes: int
    batch_size: int
    num_workers: int
    epochs: int
    learning_rate: float
    loss: dict[str, Any]
    why: str
    train_unlisted: str
    val_unlisted: str
    all_scored: bool


def commands(folder: Path) -> list[tuple[str, str]]:
    """Return the commands that come next, with what they do.

    Args:
        folder: Folder of the project.
    """
    config, best = (shlex.quote(str(folder / file)) for file in ('config.py', f'run/{BEST}'))
    return [
        (f'python tools/check_dataset.py {config}', 'every problem of labels and images'),
        (f'python tools/train.py {config}', '--resume continues after an interruption'),
        (f'python tools/test.py {config} {best}', 'scores of the best epoch N'),
        (f'python tools/audit_labels.py {config} {best}', 'proposes missing labels for review'),
    ]


def config_text(settings: Settings, backbone: Backbone) -> str:
    """Return the text of the config.

    Args:
        settings: Data, recipe and loss.
        backbone: The backbone.
    """
    size = Variable(SIZE)
    model = {
        'type': 'ImageClassifier',
        'data_preprocessor': {
            'type': 'ClsDataPreprocessor',
            'mean': backbone.mean,
            'std': backbone.std,
            'to_rgb': backbone.to_rgb,
            'num_classes': Variable('num_classes'),
        },
        'backbone': backbone.config,
        **({'neck': backbone.neck} if backbone.neck else {}),
        'head': {
            'type': 'MultiLabelLinearClsHead',
            'num_classes': Variable('num_classes'),
            'in_channels': backbone.width,
            'thr': 0.5,
            'loss': Variable('loss'),
        },
    }
    load = {'type': 'mmpretrain_mlml.LoadWholeImage'}
    resize = {
        'type': 'mmpretrain_mlml.SmoothResize',
        'scale': (size, size),
        'interpolation': backbone.interpolation,
    }
    flip, pack = {'type': 'RandomFlip', 'prob': 0.5}, {'type': 'mmpretrain_mlml.PackPlanes'}
    scores: dict[str, Any] = {'type': 'mmpretrain_mlml.MultiLabelScores'}
    if not settings.all_scored:
        scores['empty_classes'] = 'skip'
    hooks = Config.fromfile(shipped_config('_base_/runtime.py')).default_hooks.to_dict()
    hooks['label_prior'] = {'type': 'mmpretrain_mlml.LabelPriorHook'}
    steps = [f'#   {printable(command)}' for command, _ in commands(settings.given)]
    return _TEMPLATE.format(
        source=printable(settings.source),
        steps='\n'.join(steps),
        images=text_code(str(settings.images)),
        folder=text_code(str(settings.folder)),
        num_classes=settings.num_classes,
        backbone=printable(backbone.name),
        image_size=backbone.image_size,
        batch_size=settings.batch_size,
        num_workers=settings.num_workers,
        epochs=settings.epochs,
        learning_rate=settings.learning_rate,
        why=settings.why,
        loss=as_code(settings.loss),
        model=as_code(model),
        load=as_code(load),
        resize=as_code(resize, 4),
        flip=as_code(flip),
        pack=as_code(pack),
        train_set=as_code(_data_set('train', settings.train_unlisted), 4),
        val_set=as_code(_data_set('val', settings.val_unlisted, test_mode=True), 4),
        val_note=_VAL_NOTES[settings.val_unlisted],
        hooks=as_code(hooks),
        val_scores=as_code(scores),
        test_scores=as_code({**scores, 'table': True}),
    )


def _data_set(split: str, unlisted: str, **more: Any) -> dict[str, Any]:
    data_set = {
        'type': 'mmpretrain_mlml.TagTable',
        'ann_file': f'{split}.csv',
        'data_root': Variable('project'),
        'data_prefix': Variable('images'),
        'classes': Variable('classes'),
        'pipeline': Variable(f'{"train" if split == "train" else "test"}_pipeline'),
        **more,
    }
    if unlisted != 'unobserved':
        data_set['unlisted'] = unlisted
    return data_set


_VAL_NOTES = {
    'absent': 'what val.csv does not list counts as absent in scores',
    'unobserved': 'scores leave out what val.csv does not list',
}
_TEMPLATE = """\
# A tagger for {source}. Written by tools/new_project.py; change what you like. Next:
{steps}

default_scope = 'mmpretrain'

images = {images}  # folder that the image names are relative to
project = {folder}  # folder of this file, train.csv, val.csv and classes.txt
work_dir = project + '/run'
classes = project + '/classes.txt'  # one name a line, in the order of the outputs
num_classes = {num_classes}

image_size = {image_size}  # pixels
batch_size = {batch_size}  # for each process
num_workers = {num_workers}  # processes that load images
epochs = {epochs}
learning_rate = {learning_rate}

# {why}
loss = {loss}

# {backbone}
model = {model}

train_pipeline = [
    {load},
    {resize},
    {flip},  # leave out where left and right matter
    {pack},
]
test_pipeline = [
    {load},
    {resize},
    {pack},
]
train_dataloader = dict(
    batch_size=batch_size,
    num_workers=num_workers,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True, round_up=False),
    dataset={train_set},
)
val_dataloader = dict(
    batch_size=batch_size,
    num_workers=num_workers,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset={val_set},  # {val_note}
)
test_dataloader = val_dataloader
val_evaluator = {val_scores}
test_evaluator = {test_scores}

optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=learning_rate, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0, flat_decay_mult=0.0),
)
param_scheduler = dict(  # up over a fifth of the training, then down
    type='mmpretrain_mlml.OneCycle',
    total_steps=epochs,
    end=epochs,
    pct_start=0.2,
    by_epoch=True,
    convert_to_iter_based=True,
)
train_cfg = dict(by_epoch=True, max_epochs=epochs, val_interval=1)
val_cfg = dict()
test_cfg = dict()
auto_scale_lr = dict(base_batch_size=batch_size, enable=False)

default_hooks = {hooks}
visualizer = dict(
    type='mmpretrain_mlml.TagVisualizer', vis_backends=[dict(type='LocalVisBackend')]
)
randomness = dict(seed=0)
load_from = None
resume = False
"""
