"""What MMPretrain lacks: a strict image loader, and two augmentations of the paper's recipe."""

from .load_whole_image import ImageError, LoadWholeImage
from .relative_cutout import RelativeCutout
from .step_rand_augment import StepRandAugment

__all__ = ['ImageError', 'LoadWholeImage', 'RelativeCutout', 'StepRandAugment']
