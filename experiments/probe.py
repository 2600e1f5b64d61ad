"""A linear classifier on frozen features of photographs: the effect of a loss, in seconds per run.

Shared by other experiments; not a script. Features come from the network of the photos
configs with ImageNet weights. They are computed once per data set and kept in work_dirs/probe.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

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

Bias = float | Literal['log-odds']

CACHE = Path('work_dirs/probe')
LISTS = ('full', '0.4left', 'single')
SPLC_LOGIT = logit(0.6)  # of SPLC's default tau
BATCH_SIZE = 64


@dataclass
class Photos:
    """Features and labels of training and validation photographs.

    Attributes:
        train: Training features, (N, D).
        val: Validation features, (M, D).
        labels: Training labels of each list, (N, C).
        val_labels: Validation labels, (M, C).
    """

    train: Tensor
    val: Tensor
    labels: dict[str, Tensor]
    val_labels: np.ndarray


@dataclass
class Run:
    """Outcome of one training.

    Attributes:
        mAP: Validation mAP, in percent.
        OF1: Validation OF1 at threshold 0.5, in percent.
        warned: Whether LossEpochHook would have warned of a collapse.
        above: Share of the unobserved entries above SPLC's tau in each epoch, in percent.
    """

    mAP: float = 0.0
    OF1: float = 0.0
    warned: bool = False
    above: list[float] = field(default_factory=list)


def read_photos() -> Photos:
    """Read the photographs under PHOTOS_ROOT; compute their features unless they are cached."""
    cfg = Config.fromfile(config('photos_full_bce.py'))
    init_default_scope('mmpretrain')
    val_dataset = cfg.val_dataloader.dataset
    datasets = {
        'train': DATASETS.build(cfg.train_dataloader.dataset | {'pipeline': val_dataset.pipeline}),
        'val': DATASETS.build(val_dataset),
    }
    file = CACHE / f'features_{_fingerprint(cfg, datasets)}.npz'
    if not file.is_file():
        print(f'features of {cfg.model.backbone.init_cfg.checkpoint} into {file}')
        features = {name: _features(cfg, dataset, name) for name, dataset in datasets.items()}
        CACHE.mkdir(parents=True, exist_ok=True)
        np.savez(file, train=features['train'], val=features['val'])
    with np.load(file) as cached:
        train_features, val_features = (torch.from_numpy(cached[name]).float() for name in datasets)
    labels = {}
    for name in LISTS:
        base = Path(config('photos_full_bce.py')).parent / f'_base_/labels/photos_{name}.py'
        dataset = DATASETS.build(Config.fromfile(base).train_dataloader.dataset)
        labels[name] = torch.from_numpy(_label_matrix(dataset)).float()
    return Photos(train_features, val_features, labels, _label_matrix(datasets['val']))


def standardise(photos: Photos) -> Photos:
    """Return the photographs with features of mean 0 and standard deviation 1."""
    mean, deviation = photos.train.mean(0), photos.train.std(0) + 1e-3
    train_features, val_features = ((x - mean) / deviation for x in (photos.train, photos.val))
    return Photos(train_features, val_features, photos.labels, photos.val_labels)


def log_errors_only() -> None:
    """Silence MMEngine's log, except for errors."""
    MMLogger.get_current_instance().setLevel('ERROR')


def train(
    photos: Photos,
    labels: Tensor,
    loss: nn.Module,
    **options: Any,
) -> Run:
    """Train the classifier and score it on the validation photographs.

    Args:
        photos: Features.
        labels: Training labels of 1 and 0, (N, C).
        loss: Loss module, called with logits and labels.
        **options: As for :func:`train_head`.
    """
    run = Run()
    head = train_head(photos, labels, loss, run=run, **options)
    with torch.inference_mode():
        probabilities = head(photos.val).sigmoid().numpy()
    scores = multi_label_scores(probabilities, photos.val_labels).summary
    run.mAP, run.OF1 = scores['mAP'], scores['OF1']
    return run


def train_head(
    photos: Photos,
    labels: Tensor,
    loss: nn.Module,
    *,
    bias: Bias = 'log-odds',
    lr: float = 1e-3,
    epochs: int = 12,
    one_cycle: bool = True,
    seed: int = 0,
    penalty: float = 0.0,
    run: Run | None = None,
) -> nn.Linear:
    """Train the classifier with Adam and batches of 64, and return it.

    Args:
        photos: Features.
        labels: Training labels of 1 and 0, (N, C).
        loss: Loss module, called with logits and labels.
        bias: Initial bias of all classes, or ``'log-odds'`` for the log-odds of each class's labels.
        lr: Highest learning rate.
        epochs: Number of epochs.
        one_cycle: Whether the learning rate follows one cycle; otherwise it is constant.
        seed: Seed for the weights and the order of the photographs.
        penalty: Factor on the sum of the squared weights, which is added to the loss.
        run: Where to note what happens during training.
    """
    torch.manual_seed(seed)
    x = photos.train
    head = _new_head(x.size(1), labels, bias)
    optimiser = torch.optim.Adam(head.parameters(), lr)
    batches = -(-len(x) // BATCH_SIZE)
    scheduler = None
    if one_cycle:
        scheduler = torch.optim.lr_scheduler.OneCycleLR(
            optimiser, lr, epochs * batches, pct_start=0.2, cycle_momentum=False
        )
    run, watch = run or Run(), CollapseWatch()
    for epoch in range(epochs):
        set_epoch(loss, epoch, epochs)
        unobserved_count = above_count = 0
        watch.begin([loss], epoch, batches)
        for index, batch in enumerate(torch.randperm(len(x)).split(BATCH_SIZE)):
            watch.before_batch(index)
            logits = head(x[batch])
            optimiser.zero_grad()
            cost = loss(logits, labels[batch]) + penalty * head.weight.square().sum()
            cost.backward()
            optimiser.step()
            if scheduler is not None:
                scheduler.step()
            unobserved = labels[batch] != 1
            unobserved_count += int(unobserved.sum())
            above_count += int((unobserved & (logits.detach() > SPLC_LOGIT)).sum())
        run.warned |= watch.end() is not None
        run.above.append(100 * above_count / unobserved_count)
    return head


def _new_head(features: int, labels: Tensor, bias: Bias) -> nn.Linear:
    head = nn.Linear(features, labels.size(1))
    nn.init.normal_(head.weight, std=0.01)  # as MMPretrain's heads
    with torch.no_grad():
        if isinstance(bias, str):
            present = (labels == 1).sum(0).numpy()
            head.bias.copy_(log_odds(LabelCounts(present, np.full_like(present, len(labels))), 1.0))
        else:
            head.bias.fill_(bias)
    return head


def _fingerprint(cfg: Config, datasets: dict[str, BaseDataset]) -> str:
    """Hash of everything that the features depend on."""
    names = [
        dataset.get_data_info(index)['img_path']
        for dataset in datasets.values()
        for index in range(len(dataset))
    ]
    parts = [cfg.model.to_dict(), cfg.val_dataloader.to_dict(), names]
    text = json.dumps(parts, default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _features(cfg: Config, dataset: BaseDataset, name: str) -> np.ndarray:
    model = MODELS.build(cfg.model)
    model.init_weights()
    model.eval().to(memory_format=torch.channels_last)
    loader = DataLoader(
        dataset, 50, sampler=DefaultSampler(dataset, shuffle=False), collate_fn=pseudo_collate
    )
    features = []
    with torch.inference_mode():
        for batch in track(loader, f'features of {name}'):
            inputs = model.data_preprocessor(batch)['inputs']
            features.append(model.extract_feat(inputs)[-1].numpy().astype(np.float16))
    return np.concatenate(features)


def _label_matrix(dataset: BaseDataset) -> np.ndarray:
    matrix = np.zeros((len(dataset), len(dataset.metainfo['classes'])), np.int8)
    for row in range(len(dataset)):
        matrix[row, dataset.get_data_info(row)['gt_label']] = 1
    return matrix
