"""The two augmentations of the paper's recipe that MMPretrain lacks."""

from .relative_cutout import RelativeCutout
from .step_rand_augment import StepRandAugment

__all__ = ['RelativeCutout', 'StepRandAugment']
