"""Finding and reviewing missing labels: proposals, a page to decide on them, labels from decisions.

The names in the first list need numpy and torch alone; the others take a config and need MMPretrain.
"""

from importlib import import_module
from typing import Any

from .decision_files import read_decisions
from .decisions import Decision, Merged, apply_decisions, merge_decisions
from .estimate_file import EstimateSample, SampleEstimate
from .estimation import Estimate, draw_entries, estimate_missing
from .exchange import export_proposals
from .expected_yield import calibrate, kept_share, missing_probability
from .maps import read_boxes
from .probe import out_of_fold_probabilities
from .progress_report import ProgressReport, report_progress
from .proposal_file import read_proposals, write_proposals
from .proposals import propose
from .review_page import write_review_pages

_WITH_STACK = {  # name: module
    'Audit': 'auditing',
    'Review': 'applying',
    'TrainingLabels': 'training_table',
    'apply_review': 'applying',
    'audit_labels': 'auditing',
    'score_training_images': 'scoring',
    'simulate_audit': 'simulating',
    'training_labels': 'training_table',
}
__all__ = [
    'Decision',
    'Estimate',
    'EstimateSample',
    'Merged',
    'ProgressReport',
    'SampleEstimate',
    'apply_decisions',
    'calibrate',
    'draw_entries',
    'estimate_missing',
    'export_proposals',
    'kept_share',
    'merge_decisions',
    'missing_probability',
    'out_of_fold_probabilities',
    'propose',
    'read_boxes',
    'read_decisions',
    'read_proposals',
    'report_progress',
    'write_proposals',
    'write_review_pages',
]
__all__ += list(_WITH_STACK)


def __getattr__(name: str) -> Any:
    if name in _WITH_STACK:
        return getattr(import_module(f'{__name__}.{_WITH_STACK[name]}'), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
