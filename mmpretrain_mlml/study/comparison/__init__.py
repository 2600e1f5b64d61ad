"""From the records of runs to the cells of a table, or the gains of classes, beside a reference."""

from .runs import ComparedRuns, Comparison, compare_runs

__all__ = ['ComparedRuns', 'Comparison', 'compare_runs']
