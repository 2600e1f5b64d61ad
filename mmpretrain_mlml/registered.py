"""The first floor in one place: every part that MMPretrain's registries know.

The losses stand on the ground floor, without mm* imports, and so are registered from here.
"""

from mmpretrain.registry import MODELS

from .datasets import COCOMissingLabel, DigitScenes
from .evaluation.metric import MultiLabelScores
from .hooks import LossEpochHook
from .losses import ASL, BCE, SPLC, Focal, Hill

for loss in (ASL, BCE, Focal, Hill, SPLC):
    MODELS.register_module(module=loss)

__all__ = ['COCOMissingLabel', 'DigitScenes', 'LossEpochHook', 'MultiLabelScores']
