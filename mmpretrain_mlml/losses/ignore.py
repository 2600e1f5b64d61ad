"""Binary cross-entropy over the known entries alone ("ignore unobserved", IU)."""

from __future__ import annotations

from .bce import BCE


class Ignore(BCE):
    """Binary cross-entropy over the known entries alone ("ignore unobserved", IU).

    It needs known negatives, as partially annotated data have: on positive-only data, with -1 for
    every unobserved entry, nothing stops a network from predicting every class everywhere.

    Args:
        **common: See :class:`~mmpretrain_mlml.losses.MultiLabelLoss`, except ``unknown``.

    Source: arXiv 1902.09720 and 2106.09708, ignoring unobserved labels.
    """

    UNKNOWN = ('ignore',)
