"""How many of the labels of each class were missing in the training of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmengine.registry import init_default_scope

from ...datasets.check.sources import Source, read_sources
from ..run_folder import RECOVERY, read_json


def missing_share(folder: Path, cfg: Config, classes: Sequence[str]) -> np.ndarray:
    """Return the share of each class's labels that a run did not see.

    It is what a ``LabelRecoveryHook`` with ``full_labels`` counted in the run; without one, what the
    protocol of the training set drops from its label file, which is then read.

    Args:
        folder: Work directory of the run.
        cfg: Its config.
        classes: C class names of the validation.

    Returns:
        Shares in [0, 1], (C,); NaN for classes without labels.

    Raises:
        ValueError: If that cannot be known; the message says why.
    """
    counted = _counted(folder)
    known, (missing, observed) = counted if counted else _dropped(cfg)
    if tuple(known) != tuple(classes):
        raise ValueError('the training set has other classes than the validation')
    total = missing + observed
    return np.where(total > 0, missing / np.maximum(total, 1), np.nan)


def _counted(folder: Path) -> tuple[Sequence[str], np.ndarray] | None:
    path = folder / RECOVERY
    content: Mapping[str, Any] = read_json(path) if path.is_file() else {}
    epochs, labels = content.get('epochs'), content.get('labels')
    if not epochs or not labels or 'missing' not in epochs[0]:
        return None
    return content['classes'], np.array([epochs[0]['missing'], labels['present']])


def _dropped(cfg: Config) -> tuple[Sequence[str], np.ndarray]:
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    try:
        found = read_sources(Config({'train_dataloader': cfg.train_dataloader}))
        sources = [one for one in found.values() if isinstance(one, Source)]
        problem = next((one.problems[0] for one in sources if one.problems), None)
    except (KeyError, OSError) as error:
        raise ValueError(f'the training set of its config cannot be read: {error}') from error
    if problem is not None:
        raise ValueError(f'the training set of its config cannot be read: {problem}')
    classes = sources[0].classes
    missing, observed = np.zeros((2, len(classes)), np.int64)
    for source in sources:
        for complete, kept in zip(source.complete, source.kept, strict=True):
            seen = set(kept)
            for label in complete:
                (observed if label in seen else missing)[label] += 1
    if not missing.any():
        raise ValueError(
            'its config drops no label, and what its label file lacks is not counted: train with '
            'LabelRecoveryHook(full_labels=...)'
        )
    return classes, np.stack([missing, observed])
