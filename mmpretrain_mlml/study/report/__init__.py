"""From compared cells to tables, figures and numbers."""

from .study_report import report_study, write_report

__all__ = ['report_study', 'write_report']
