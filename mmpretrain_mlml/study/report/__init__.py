"""From compared cells to tables, figures and numbers."""

from .study_report import read_study_records, report_study, write_report

__all__ = ['read_study_records', 'report_study', 'write_report']
