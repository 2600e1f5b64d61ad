"""Finding and reviewing missing labels."""

from .estimation import Estimate, draw_entries, estimate_missing
from .expected_yield import calibrate, kept_share, missing_probability
from .probe import out_of_fold_probabilities
from .proposals import propose

__all__ = [
    'Estimate',
    'calibrate',
    'draw_entries',
    'estimate_missing',
    'kept_share',
    'missing_probability',
    'out_of_fold_probabilities',
    'propose',
]
