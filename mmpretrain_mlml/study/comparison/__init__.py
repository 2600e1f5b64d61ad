"""From the records of runs to the cells of a table, compared with a reference."""

from .cells import Cell, Cells, group_by_setting, group_runs
from .gains import compare

__all__ = ['Cell', 'Cells', 'compare', 'group_by_setting', 'group_runs']
