"""Losses for multi-label training on incomplete labels.

They need torch alone; with MMPretrain installed they are registered there.
"""

from .anls import ANLS
from .apl import APL
from .asl import ASL
from .base import MultiLabelLoss
from .bce import BCE
from .em import EM
from .epr import EPR
from .focal import Focal
from .focal_margin import FocalMargin
from .gr import GR
from .hill import Hill
from .ignore import Ignore
from .llcp import LLCp
from .llct import LLCt
from .llr import LLR
from .pasl import PASL
from .rlc import RLC
from .role import ROLE
from .splc import SPLC
from .two_way import TwoWay
from .wan import WAN

FAMILY = (  # in the order of tables; all are registered in MMPretrain
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
