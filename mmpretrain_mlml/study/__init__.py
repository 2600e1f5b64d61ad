"""Several training runs side by side, and what they show."""

from .demo_report import Outcome, draw, gap_closed, summarise, table
from .runs import Run, read_recovery, read_scores
from .training import RunsFailed, train

__all__ = [
    'Outcome', 'Run', 'RunsFailed', 'draw', 'gap_closed', 'read_recovery', 'read_scores', 'summarise',
    'table', 'train',
]  # fmt: skip
