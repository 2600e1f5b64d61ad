"""From a work directory to the record of its run."""

from .compared_run import ComparedRun, read_compared_run
from .logs import read_recovery, read_scores
from .run_record import RunRecord, find_runs, read_record, read_run

__all__ = [
    'ComparedRun', 'RunRecord', 'find_runs', 'read_compared_run', 'read_record', 'read_recovery',
    'read_run', 'read_scores',
]  # fmt: skip
