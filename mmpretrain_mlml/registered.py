"""The first floor in one place: every part that MMPretrain's registries know.

The losses stand on the ground floor, without mm* imports, and so are registered from here.
"""

from mmpretrain.registry import MODELS

from .datasets import COCOMissingLabel, DigitScenes
from .hooks import (
    BestWeightsHook,
    ChannelsLastHook,
    GlobalLossHook,
    InterruptionHook,
    LabelPriorHook,
    LabelRecoveryHook,
    LossDataHook,
    LossEpochHook,
    NonFiniteHook,
    SafeCheckpointHook,
    SampleSeedHook,
    TagVisualizationHook,
    WeightAverageHook,
    WholeUpdatesHook,
)
from .loops.raw_and_averaged import RawAndAveragedValLoop
from .losses import FAMILY
from .metrics.multi_label_scores import MultiLabelScores
from .optim import OneCycle, SummedGradientsConstructor
from .transforms import LoadWholeImage, RelativeCutout, StepRandAugment
from .visualization.tag_visualizer import TagVisualizer

for loss in FAMILY:
    MODELS.register_module(module=loss)

__all__ = [
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
]
