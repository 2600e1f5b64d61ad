"""Losses for incompletely labelled tags. Needs torch alone; MMPretrain registers them when there."""

from .asymmetric import ASL, BCE, Focal
from .base import MultiLabelLoss
from .hill import Hill
from .splc import SPLC

__all__ = ['ASL', 'BCE', 'SPLC', 'Focal', 'Hill', 'MultiLabelLoss']
