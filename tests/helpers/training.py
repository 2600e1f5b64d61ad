"""Small trainings with tools/train.py: their options, and the scores they leave."""

import json
from pathlib import Path

import pytest

CONFIG = 'configs/digits_0.4left_splc.py'
SMALL = (
    'train_dataloader.dataset.size=256', 'val_dataloader.dataset.size=101',
    'test_dataloader.dataset.size=101', 'val_dataloader.batch_size=20',
    'test_dataloader.batch_size=20', 'model.backbone.base_channels=4',
    'model.backbone.stem_channels=4', 'model.head.in_channels=32', 'train_cfg.max_epochs=3',
)  # fmt: skip


def options(*changes) -> list[str]:
    """Options that make a training on digits small; later ones override earlier ones."""
    return ['--cfg-options', *SMALL, *changes]


def read_scores(work_dir: Path) -> list[dict]:
    """Validation scores of all runs in a work directory, in order."""
    rows = []
    for path in sorted(work_dir.glob('*/vis_data/scalars.json')):
        rows += [json.loads(line) for line in path.read_text().splitlines()]
    return [row for row in rows if 'multi-label/mAP' in row]


def assert_same_scores(metrics: Path, validation: dict) -> None:
    """Compare the scores that tools/test.py wrote with those of a validation."""
    scores = json.loads(metrics.read_text())
    expected = {key: value for key, value in validation.items() if key.startswith('multi-label/')}
    assert len(expected) == 8
    assert {key: scores[key] for key in expected} == pytest.approx(expected, abs=1e-6)
