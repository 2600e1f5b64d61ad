"""Multi-label scores and predictions. Needs numpy alone."""

from .functional import Scores, average_precision, multi_label_scores
from .predictions import Predictions

__all__ = ['Predictions', 'Scores', 'average_precision', 'multi_label_scores']
