"""Multi-label training on incomplete labels, inside MMPretrain.

Importing this package registers its losses and parts with MMPretrain. Without MMPretrain the losses,
the label tools and the evaluation functions still work; they need torch and numpy alone.
"""

from typing import Any

from . import losses
from .losses import *  # noqa: F403  the losses, and MultiLabelLoss
from .parts import MISSING, PARTS, load_from, load_part, register_all
from .paths import config
from .version import __version__

__all__ = [*losses.__all__, '__version__', 'config']
_TOOLS = {'MultiLabelInferencer': 'apis'}  # name: room; needs MMPretrain, and is imported when used

if not MISSING:
    from .repairs import repair, repairs_are_on

    if repairs_are_on():
        repair()
    register_all()
    __all__ += [*PARTS, *_TOOLS]


def __getattr__(name: str) -> Any:
    if name in PARTS:
        return load_part(name)
    if name in _TOOLS:
        return load_from(_TOOLS[name], name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
