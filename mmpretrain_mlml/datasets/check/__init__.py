"""Check of all labels and images of a config's data sets, before an expensive run."""

from .checking import Report, check
from .problem import Problem
from .report import as_json, kinds_table, problem_table, summary_table

__all__ = ['Problem', 'Report', 'as_json', 'check', 'kinds_table', 'problem_table', 'summary_table']
