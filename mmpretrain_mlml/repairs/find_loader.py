from __future__ import annotations

import pkgutil
from importlib.util import find_spec
from typing import Any


def provide_find_loader() -> None:
    """Provide ``pkgutil.find_loader``, which Python 3.14 has removed.

    Symptom: ``AttributeError: module 'pkgutil' has no attribute 'find_loader'`` from
    ``mmcv_full_available`` of mmengine and ``check_ops_exist`` of mmcv, as soon as an optimiser is
    built. Both look the function up when they are called, so it does not matter whether mmengine or
    this package is imported first.
    Versions: mmengine 0.10.7, mmcv-lite 2.2.0 with Python >= 3.14.
    Goes when: both use ``importlib.util.find_spec``.
    """
    if not hasattr(pkgutil, 'find_loader'):
        pkgutil.find_loader = _find_loader


def _find_loader(fullname: str) -> Any:
    """Return the loader of a module, or None if there is no such module."""
    try:
        spec = find_spec(fullname)
    except (AttributeError, TypeError, ValueError) as error:
        raise ImportError(f'no loader of {fullname!r}: {error}', name=fullname) from error
    return None if spec is None else spec.loader
