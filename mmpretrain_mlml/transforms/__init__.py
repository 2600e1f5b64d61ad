"""Transforms that MMPretrain lacks: a strict image loader and the paper's augmentations."""

from .load_whole_image import ImageError, LoadWholeImage
from .relative_cutout import RelativeCutout
from .step_rand_augment import StepRandAugment

__all__ = ['ImageError', 'LoadWholeImage', 'RelativeCutout', 'StepRandAugment']
