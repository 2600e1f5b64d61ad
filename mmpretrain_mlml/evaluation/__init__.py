"""Multi-label scores, decision thresholds and predictions. Needs numpy alone."""

from .errors import Errors, find_errors
from .functional import Scores, average_precision, multi_label_scores
from .predictions import Predictions
from .threshold_files import read_thresholds, write_thresholds
from .thresholds import Thresholds, tune_thresholds

__all__ = [
    'Errors',
    'Predictions',
    'Scores',
    'Thresholds',
    'average_precision',
    'find_errors',
    'multi_label_scores',
    'read_thresholds',
    'tune_thresholds',
    'write_thresholds',
]
