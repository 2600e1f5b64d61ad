"""Multi-label training on incomplete labels, inside MMPretrain.

Importing this package registers its losses and parts with MMPretrain. Without MMPretrain the losses,
the label tools and the evaluation functions still work; they need torch and numpy alone.
"""

from typing import Any

from . import losses
from .losses import *  # noqa: F403  the losses, and MultiLabelLoss
from .parts import MISSING, PARTS, load_part, register_all
from .paths import config
from .version import __version__

__all__ = [*losses.__all__, '__version__', 'config']

if not MISSING:
    from .repairs import repair, repairs_are_on

    if repairs_are_on():
        repair()
    register_all()
    __all__ += PARTS


def __getattr__(name: str) -> Any:
    if name in PARTS:
        return load_part(name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
