"""Protocols that make labels incomplete or wrong at random; reproducible on every machine."""

from .base import ExpectedCounts, LabelProtocol
from .building import (
    apply_protocols,
    build_protocols,
    describe_protocols,
    trace_protocols,
)
from .independent import RPS, Bernoulli, ClassDependent, FalsePositives, Unobserved
from .per_class import FixedPerClass
from .published import (
    PROTOCOLS,
    check_protocol,
    check_share,
    drop_labels,
    hide_entries,
    kept_count,
)
from .rules import PaperRule
from .visibility import SizeBiased

__all__ = [
    'PROTOCOLS',
    'RPS',
    'Bernoulli',
    'ClassDependent',
    'ExpectedCounts',
    'FalsePositives',
    'FixedPerClass',
    'LabelProtocol',
    'PaperRule',
    'SizeBiased',
    'Unobserved',
    'apply_protocols',
    'build_protocols',
    'check_protocol',
    'check_share',
    'describe_protocols',
    'drop_labels',
    'hide_entries',
    'kept_count',
    'trace_protocols',
]
