"""Losses for incompletely labelled tags. Needs torch alone; MMPretrain registers them when there."""

from .apl import APL
from .asymmetric import ASL, Focal, FocalMargin
from .base import MultiLabelLoss
from .bce import ANLS, BCE, WAN, Ignore
from .entropy import EM
from .expected_positives import EPR
from .hill import Hill
from .large_loss import LLR, LLCp, LLCt
from .pasl import PASL
from .robust import GR
from .role import ROLE
from .splc import RLC, SPLC
from .two_way import TwoWay

FAMILY = (  # in the order of tables; what MMPretrain registers
    BCE,
    WAN,
    ANLS,
    Focal,
    FocalMargin,
    ASL,
    Hill,
    SPLC,
    RLC,
    EM,
    APL,
    LLR,
    LLCt,
    LLCp,
    EPR,
    ROLE,
    GR,
    TwoWay,
    Ignore,
    PASL,
)

__all__ = ['FAMILY', 'MultiLabelLoss', *(cls.__name__ for cls in FAMILY)]
