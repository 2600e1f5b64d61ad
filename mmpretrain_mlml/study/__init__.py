"""Several training runs side by side, and what they show."""

from .report import Outcome, draw, gap_closed, summarise, table
from .runs import Run, read_scores, train

__all__ = ['Outcome', 'Run', 'draw', 'gap_closed', 'read_scores', 'summarise', 'table', 'train']
