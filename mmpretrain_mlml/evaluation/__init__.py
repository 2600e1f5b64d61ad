"""Multi-label scores. The arithmetic needs numpy alone; the metric class is MMPretrain's."""

from .functional import Scores, average_precision, multi_label_scores
from .predictions import Predictions

__all__ = ['Predictions', 'Scores', 'average_precision', 'multi_label_scores']
