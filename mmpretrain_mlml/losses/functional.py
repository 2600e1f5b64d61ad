"""The losses as pure functions of logits and targets.

Each stands in the file of its loss; here they are gathered under one address. Conventions:

- ``logits`` is a float tensor of shape (N, C). Half inputs are computed, and returned, in float32.
- ``target`` has the same shape: 1 present, 0 absent or unobserved, -1 unknown. An unknown entry costs
  nothing. A target between 0 and 1, as MixUp and CutMix produce, costs the interpolation
  ``t * loss(y=1) + (1 - t) * loss(y=0)``. Do not mix targets that contain -1.
- ``reduction``: ``'none'`` returns (N, C), ``'sum'`` the plain sum, ``'mean'`` the sum over classes
  and the mean over images.
"""

from .asl import asl_loss
from .checks import check_range, prepare
from .focal_margin import focal_margin_loss
from .hill import hill_loss
from .reduction import REDUCTIONS, check_reduction, reduce_loss
from .splc import correct_labels, relabelled, splc_loss
from .terms import confident, logit

__all__ = [
    'REDUCTIONS',
    'asl_loss',
    'check_range',
    'check_reduction',
    'confident',
    'correct_labels',
    'focal_margin_loss',
    'hill_loss',
    'logit',
    'prepare',
    'reduce_loss',
    'relabelled',
    'splc_loss',
]
