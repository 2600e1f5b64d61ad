"""Several training runs side by side, and what they show.

Every step has a room, and uses only what stands above it:

- ``run``: a run has a config, a command and a fingerprint; ``run_folder``: which run a folder holds.
- ``plan``: a study file becomes runs, all of them checked.
- ``training``: runs become processes, with a progress display.
- ``records``: the work directory of a run becomes a record.
- ``comparison``: records become the cells of a table, compared with a reference; any runs are
  compared with the first, class by class.
- ``report``: cells become tables, figures and numbers.
"""

from .comparison import ComparedRuns, Comparison, compare_runs
from .plan import Study, choose, read_study
from .records import (
    ComparedRun,
    RunRecord,
    find_runs,
    read_compared_run,
    read_record,
    read_recovery,
    read_run,
    read_scores,
)
from .report import report_study, write_comparison, write_report
from .run import Run
from .training import RunsFailed, train, train_study

__all__ = [
    'ComparedRun', 'ComparedRuns', 'Comparison', 'Run', 'RunRecord', 'RunsFailed', 'Study', 'choose',
    'compare_runs', 'find_runs', 'read_compared_run', 'read_record', 'read_recovery', 'read_run',
    'read_scores', 'read_study', 'report_study', 'train', 'train_study', 'write_comparison',
    'write_report',
]  # fmt: skip
