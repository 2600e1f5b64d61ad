"""Deprecated names: one way to warn of them."""

import warnings


def warn_renamed(old: str, new: str) -> None:
    """Warn the caller of a deprecated name, two frames up, which name replaces it.

    Args:
        old: Deprecated name, such as ``'MultiLabelLoss.unmarked'``.
        new: Name to use instead.
    """
    warnings.warn(f'{old} is deprecated; use {new}', DeprecationWarning, stacklevel=3)
