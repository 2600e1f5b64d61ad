"""Multi-label training on incomplete labels, inside MMPretrain.

Importing this package registers its parts with MMPretrain. Without MMPretrain the losses, the label
tools and the arithmetic of the scores still work; they need torch and numpy alone.
"""

from importlib.util import find_spec
from typing import Any

from . import losses
from .losses import *  # noqa: F403  the family, and MultiLabelLoss
from .paths import config
from .version import __version__

__all__ = [*losses.__all__, '__version__', 'config']

_ABSENT = [name for name in ('mmengine', 'mmcv', 'mmpretrain') if find_spec(name) is None]
_REGISTERED = (
    'BestWeightsHook',
    'COCOMissingLabel',
    'ChannelsLastHook',
    'DigitScenes',
    'GlobalLossHook',
    'InterruptionHook',
    'LabelPriorHook',
    'LabelRecoveryHook',
    'LoadWholeImage',
    'LossDataHook',
    'LossEpochHook',
    'MultiLabelScores',
    'NonFiniteHook',
    'OneCycle',
    'RawAndAveragedValLoop',
    'RelativeCutout',
    'SafeCheckpointHook',
    'SampleSeedHook',
    'StepRandAugment',
    'SummedGradientsConstructor',
    'TagVisualizationHook',
    'TagVisualizer',
    'WeightAverageHook',
    'WholeUpdatesHook',
)

if not _ABSENT:
    from .repairs import repair

    repair()

    from .registered import *  # noqa: F403  the names in _REGISTERED

    __all__ += _REGISTERED


def __getattr__(name: str) -> Any:
    if name in _REGISTERED:
        raise ImportError(
            f'mmpretrain_mlml.{name} needs {", ".join(_ABSENT)}, not installed here: '
            "pip install 'mmpretrain_mlml[openmmlab]', or [onedl] for the maintained forks"
        )
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
