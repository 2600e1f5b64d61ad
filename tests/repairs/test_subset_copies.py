"""Subsets of data sets hold copies of their own."""

from mmengine.dataset import BaseDataset

import mmpretrain_mlml  # noqa: F401

STOCK = BaseDataset._copy_without_annotation.__wrapped__


class Held:
    """Something that a data set holds."""


def copied(copy, held):
    """Return the copy of what a data set holds."""
    dataset = BaseDataset(lazy_init=True)
    dataset.held = held
    return copy(dataset).held


def test_a_later_subset_gets_no_copy_of_an_earlier_one():
    """The same object twice: MMEngine's memory of the first copy outlives it."""
    held = Held()
    assert copied(STOCK, held) is copied(STOCK, held)  # once it is gone: any object at its address
    repaired = BaseDataset._copy_without_annotation
    first, second = copied(repaired, held), copied(repaired, held)
    assert first is not second
    assert held not in (first, second)


def test_a_memo_that_is_given_is_used():
    held, memo = Held(), {}
    dataset = BaseDataset(lazy_init=True)
    dataset.held = held
    copy = dataset._copy_without_annotation(memo)
    assert memo[id(held)] is copy.held
    assert memo[id(dataset)] is copy
