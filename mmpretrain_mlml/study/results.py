"""What finished runs came to, read from their work directories."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mmengine.config import Config

from ..labels.protocols import PROTOCOLS
from ..paths import config, shipped
from ..runtime.unwrap import unwrap_dataset_config
from .published import PUBLISHED_COCO, Published
from .runs import read_scores

LISTS = tuple(PROTOCOLS)
_NAME_IN_PAPER = {'ANLS': 'BCE-LS'}


@dataclass(frozen=True)
class Result:
    """What one run came to.

    Attributes:
        folder: Its work directory.
        setting: What runs of one table have in common, in words: data, backbone, length, precision.
        recipe: The same to the letter: a fingerprint of the config but for loss, labels and seed.
        loss: Its loss.
        labels: Its label list: a protocol, or the name of a list.
        published: The paper's figure, where the run is the shipped config of it.
        seed: Of the run.
        best: Highest mAP of all validations, of the raw or the averaged model, as the paper counts.
        last: mAP of the last validation, of the averaged model where there is one.
        reached: Last epoch (or iteration) validated.
        planned: Epochs (or iterations) the config asks for.
    """

    folder: Path
    setting: str
    recipe: str
    loss: str
    labels: str
    seed: int | None
    published: Published | None
    best: float
    last: float
    reached: int
    planned: int

    @property
    def complete(self) -> bool:
        return self.reached >= self.planned


def find_runs(roots: Iterable[Path]) -> list[Path]:
    """The work directories in and under some folders, sorted.

    Raises:
        FileNotFoundError: A folder is not there, or none of them holds a run.
    """
    found = set()
    for root in roots:
        if not root.is_dir():
            raise FileNotFoundError(f'no folder {root}')
        found |= {log.parents[2] for log in root.rglob('vis_data/scalars.json')}
    if not found:
        raise FileNotFoundError(f'no run (*/vis_data/scalars.json) under {list(map(str, roots))}')
    return sorted(found)


def read_result(folder: Path) -> Result | None:
    """Reads a work directory; None where nothing was validated yet.

    The config that MMEngine left beside the log is read, and so executed: collect your own runs.
    """
    logs = sorted(folder.glob('*/vis_data/scalars.json'), key=lambda path: path.parents[1].name)
    rows = read_scores(folder)
    if not rows:
        return None
    cfg = Config.fromfile(logs[-1].with_name('config.py'))
    scores = [[row['multi-label/mAP'], row.get('raw/multi-label/mAP')] for row in rows]
    dataset = unwrap_dataset_config(cfg.train_dataloader.dataset)
    unit = 'epochs' if 'max_epochs' in cfg.train_cfg else 'iterations'
    planned = cfg.train_cfg.get('max_epochs') or cfg.train_cfg['max_iters']
    precision = cfg.optim_wrapper.get('dtype') or 'float32'
    setting = _short(dataset.type), _backbone(cfg.model.backbone), f'{planned} {unit}', precision
    return Result(
        folder=folder,
        setting=', '.join(setting),
        recipe=_fingerprint(cfg),
        loss=_loss(cfg.model.head.loss),
        labels=_labels(dataset),
        seed=cfg.get('randomness', {}).get('seed'),
        published=_published(cfg),
        best=max(value for pair in scores for value in pair if value is not None),
        last=scores[-1][0],
        reached=rows[-1]['step'],
        planned=planned,
    )


def _published(cfg: Config) -> Published | None:
    """The paper's figure, if a config is the shipped one of it, in float16 or float32."""
    labels = _labels(unwrap_dataset_config(cfg.train_dataloader.dataset))
    loss = _short(cfg.model.head.loss.type)
    key = _NAME_IN_PAPER.get(loss, loss), labels
    if key not in PUBLISHED_COCO or cfg.optim_wrapper.get('dtype') not in (None, 'float16'):
        return None
    name = f'coco_{labels}_{loss.lower()}.py'
    has_own = (shipped('configs') / name).is_file()
    paper = Config.fromfile(config(name if has_own else f'coco_{labels}_bce.py'))
    expected = {**paper.model.head.loss, 'type': cfg.model.head.loss.type}
    same = _fingerprint(cfg) == _fingerprint(paper) and cfg.model.head.loss == expected
    return PUBLISHED_COCO[key] if same else None


def _fingerprint(cfg: Config) -> str:
    """Of what decides the result, but for loss, labels, seed, precision, and where files lie.

    The split of a batch is left out, too: how many processes shared it does not stand in a config.
    """
    model = copy.deepcopy(cfg.model.to_dict())
    model['head'].pop('loss', None)
    data = unwrap_dataset_config(cfg.train_dataloader.dataset)
    val = unwrap_dataset_config(cfg.val_dataloader.dataset)
    kept = {
        'model': model,
        'data': [data.get('indices'), data.get('size'), data.get('pipeline'), data.type],
        'val': [val.get('indices'), val.get('size'), val.get('pipeline')],
        'optim': {key: cfg.optim_wrapper.get(key) for key in ('optimizer', 'paramwise_cfg')},
        'others': [cfg.get(key) for key in ('param_scheduler', 'train_cfg', 'custom_hooks')],
    }
    return hashlib.sha256(json.dumps(kept, sort_keys=True, default=str).encode()).hexdigest()[:6]


def _short(name: str) -> str:
    return name.rpartition('.')[2]


def _loss(cfg: Mapping) -> str:
    told = {k: v for k, v in cfg.items() if k not in ('type', 'base', 'reduction', 'loss_weight')}
    arguments = ', '.join(f'{key}={value}' for key, value in sorted(told.items()))
    base = cfg.get('base')
    return (
        _short(cfg['type'])
        + (f'({arguments})' if arguments else '')
        + (f' on {_loss(base)}' if base else '')
    )


def _backbone(cfg: Mapping) -> str:
    if 'model_name' in cfg:
        return cfg['model_name']
    detail = cfg.get('depth') or cfg.get('arch')
    return _short(cfg['type']) + (f'-{detail}' if detail else '')


def _labels(dataset: Mapping) -> str:
    """The protocol; for a label list, which holds what a protocol has left, the one in its name."""
    protocol = dataset.get('protocol', 'full')
    source = Path(dataset.get('ann_file', ''))
    if source.suffix != '.txt' or protocol != 'full':
        return protocol
    named = [name for name in sorted(LISTS, key=len, reverse=True) if name in source.stem]
    return named[0] if named else source.stem
