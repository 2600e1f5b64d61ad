"""A linear classifier on frozen features of photographs: what a loss does to it, in seconds a run.

The parts that safe_start.py, tuning.py and beyond.py share. Features are those of the photos configs'
network with ImageNet weights; they are worked out once and kept in work_dirs/probe.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset, DefaultSampler, pseudo_collate
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS, MODELS
from rich.progress import track
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mmpretrain_mlml import config
from mmpretrain_mlml.datasets.statistics import LabelCounts
from mmpretrain_mlml.evaluation import multi_label_scores
from mmpretrain_mlml.hooks.recipe.label_prior_hook import log_odds
from mmpretrain_mlml.losses.functional import logit
from mmpretrain_mlml.losses.protocols import set_epoch
from mmpretrain_mlml.monitoring.collapse_watch import CollapseWatch

KEPT = Path('work_dirs/probe')
LISTS = ('full', '0.4left', 'single')


@dataclass
class Photos:
    """Features (N, D) and labels (N, C) of training and validation photographs."""

    train: Tensor
    val: Tensor
    labels: dict[str, Tensor]  # by list
    val_labels: np.ndarray


@dataclass
class Run:
    """What a training came to: validation scores, and what the loss met in each epoch."""

    mAP: float
    OF1: float
    warned: bool = False  # of a collapse
    above: list[float] = field(default_factory=list)  # share of unmarked entries, in percent
    precision: list[float] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)
    head: nn.Module | None = None
    probabilities: np.ndarray | None = None


def read_photos() -> Photos:
    """Features of the photographs under PHOTOS_ROOT, from the files of an earlier call or anew."""
    cfg = Config.fromfile(config('photos_full_bce.py'))
    init_default_scope('mmpretrain')
    checkpoint = cfg.model.backbone.init_cfg.checkpoint
    told = json.dumps(
        [cfg.model.to_dict(), cfg.val_dataloader.to_dict()], default=str, sort_keys=True
    )
    file = KEPT / f'features_{hashlib.sha256(told.encode()).hexdigest()[:8]}.npz'
    sets = {
        'train': cfg.train_dataloader.dataset | {'pipeline': cfg.val_dataloader.dataset.pipeline},
        'val': cfg.val_dataloader.dataset,
    }
    built = {name: DATASETS.build(dataset) for name, dataset in sets.items()}
    if not file.is_file():
        print(f'features of {checkpoint} into {file}')
        features = {name: _features(cfg, dataset, name) for name, dataset in built.items()}
        KEPT.mkdir(parents=True, exist_ok=True)
        np.savez(file, **features)
    with np.load(file) as kept:
        features = {name: torch.from_numpy(kept[name]).float() for name in sets}
    labels = {}
    for name in LISTS:
        base = f'_base_/labels/photos_{name}.py'
        chosen = Config.fromfile(
            Path(config('photos_full_bce.py')).parent / base
        ).train_dataloader.dataset
        labels[name] = torch.from_numpy(_matrix(DATASETS.build(chosen))).float()
    return Photos(features['train'], features['val'], labels, _matrix(built['val']))


def centred(photos: Photos) -> Photos:
    """The same with features of mean 0 and standard deviation 1."""
    mean, sd = photos.train.mean(0), photos.train.std(0) + 1e-3
    parts = ((features - mean) / sd for features in (photos.train, photos.val))
    return Photos(*parts, photos.labels, photos.val_labels)


def quietly() -> None:
    """Keeps the log to errors."""
    MMLogger.get_instance('mmengine', log_level='ERROR')


def _features(cfg: Config, dataset: BaseDataset, name: str) -> np.ndarray:
    model = MODELS.build(cfg.model)
    model.init_weights()
    model.eval().to(memory_format=torch.channels_last)
    loader = DataLoader(
        dataset, 50, sampler=DefaultSampler(dataset, shuffle=False), collate_fn=pseudo_collate
    )
    found = []
    with torch.inference_mode():
        for batch in track(loader, f'features of {name}'):
            inputs = model.data_preprocessor(batch)['inputs']
            found.append(model.extract_feat(inputs)[-1].numpy().astype(np.float16))
    return np.concatenate(found)


def _matrix(dataset: BaseDataset) -> np.ndarray:
    found = np.zeros((len(dataset), len(dataset.metainfo['classes'])), np.int8)
    for row in range(len(dataset)):
        found[row, dataset.get_data_info(row)['gt_label']] = 1
    return found


def train(
    photos: Photos,
    labels: Tensor,
    loss: nn.Module,
    *,
    bias: float | str = 'log-odds',
    lr: float = 1e-3,
    epochs: int = 12,
    warm_up: bool = True,
    seed: int = 0,
) -> Run:
    """Trains the classifier with Adam, batches of 64, one-cycle or constant learning rate.

    Args:
        photos: Features.
        labels: (N, C) of 1 and 0.
        loss: Called as in MMPretrain. If it has ``look(head, x, labels)`` it is shown all features
            before each epoch, if it has ``see(head, x)`` those of a batch before it is called.
        bias: At the start; ``'log-odds'`` of the labels by class.
        lr: Highest learning rate.
        epochs: Number of epochs.
        warm_up: Whether the learning rate cycles; else it stays.
        seed: Of the weights and the order.
    """
    torch.manual_seed(seed)
    x, full = photos.train[: len(labels)], photos.labels['full'][: len(labels)]
    head = nn.Linear(x.size(1), labels.size(1))
    nn.init.normal_(head.weight, std=0.01)  # as MMPretrain's heads
    with torch.no_grad():
        if bias == 'log-odds':
            present = labels.sum(0).long().numpy()
            head.bias.copy_(log_odds(LabelCounts(present, np.full_like(present, len(x))), 1.0))
        else:
            head.bias.fill_(bias)
    optimiser = torch.optim.Adam(head.parameters(), lr)
    steps = -(-len(x) // 64)
    cycle = None
    if warm_up:
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, lr, epochs * steps, pct_start=0.2, cycle_momentum=False
        )
    run, watch = Run(0, 0, head=head), CollapseWatch()
    for epoch in range(epochs):
        for module in loss.modules():
            set_epoch(module, epoch, epochs)
        if hasattr(loss, 'look'):
            loss.look(head, x, labels)
        counts = torch.zeros(4)  # unmarked, above, right, missing
        watch.begin([*loss.modules()], epoch, steps)
        for index, batch in enumerate(torch.randperm(len(x)).split(64)):
            watch.before_batch(index)
            if hasattr(loss, 'see'):
                loss.see(head, x[batch])
            logits = head(x[batch])
            optimiser.zero_grad()
            loss(logits, labels[batch]).backward()
            optimiser.step()
            if cycle is not None:
                cycle.step()
            unmarked, present = labels[batch] == 0, full[batch] == 1
            above = unmarked & (logits.detach() > EDGE)
            parts = unmarked, above, above & present, unmarked & present
            counts += torch.stack([part.sum() for part in parts])
        run.warned |= watch.end() is not None
        whole, above, right, missing = counts.tolist()
        run.above.append(100 * above / whole)
        run.precision.append(100 * right / max(above, 1))
        run.recall.append(100 * right / max(missing, 1))
    with torch.inference_mode():
        run.probabilities = head(photos.val).sigmoid().numpy()
    found = multi_label_scores(run.probabilities, photos.val_labels).summary
    run.mAP, run.OF1 = found['mAP'], found['OF1']
    return run


EDGE = logit(0.6)  # of SPLC's tau
