"""Repair of the copies that ``BaseDataset.get_subset`` makes."""

from __future__ import annotations

import functools
from typing import Any

from mmengine.dataset import BaseDataset


def copy_each_subset_anew() -> None:
    """Let each subset of a data set be copied on its own.

    Symptom: ``BaseDataset.get_subset`` and ``KFoldDataset`` copy a data set with ``deepcopy`` and one
    memo for all calls, a mutable default. It remembers copies by the address of their original; once
    that is gone, another object at the address is replaced by the old copy: some other data set's
    transform, table or tensor, or an error from deep inside, at random.
    Versions: mmengine 0.10.7.
    Goes when: MMEngine starts each copy with a memo of its own.
    """
    copy = BaseDataset._copy_without_annotation

    @functools.wraps(copy)
    def copy_without_annotation(self: BaseDataset, memo: dict | None = None) -> Any:
        return copy(self, {} if memo is None else memo)

    BaseDataset._copy_without_annotation = copy_without_annotation
