"""From compared cells to tables, figures and numbers."""

from .comparison_report import write_comparison
from .study_report import report_study, write_report

__all__ = ['report_study', 'write_comparison', 'write_report']
