"""Block by block, and from a table, the audit gives what it gives from one matrix."""

import numpy as np
import pytest

from mmpretrain_mlml.audit import (
    draw_entries,
    kept_share,
    label_blocks,
    out_of_fold_probabilities,
    probe,
    propose,
)
from mmpretrain_mlml.audit.orders import ORDERS
from mmpretrain_mlml.labels import LabelTable

IMAGES, CLASSES = 90, 7


@pytest.fixture
def data():
    random = np.random.default_rng(0)
    probabilities = (random.random((IMAGES, CLASSES)) ** 3).round(2)  # with equal ones
    labels = random.choice([1, 0, -1], (IMAGES, CLASSES), p=[0.2, 0.1, 0.7])
    names = [f'{row}.jpg' for row in range(IMAGES)]
    return probabilities, labels, LabelTable.from_dense(names, labels, tuple('abcdefg'))


@pytest.fixture(params=[1, 3 * CLASSES, 20 * CLASSES])
def small_blocks(request, monkeypatch):
    monkeypatch.setattr(label_blocks, 'ENTRIES', request.param)


@pytest.mark.parametrize('order', ORDERS)
@pytest.mark.parametrize('kind', ['missing', 'wrong'])
def test_blocks_change_no_proposal(data, monkeypatch, order, kind):
    probabilities, labels, table = data
    for limit in (0, 5, 60, None):
        whole = propose(probabilities, labels, limit, kind, order=order).tolist()
        with monkeypatch.context() as patch:
            patch.setattr(label_blocks, 'ENTRIES', 4 * CLASSES)
            assert propose(probabilities, labels, limit, kind, order=order).tolist() == whole
            assert propose(probabilities, table, limit, kind, order=order).tolist() == whole


def test_blocks_change_neither_the_kept_share_nor_a_draw(data, monkeypatch):
    probabilities, labels, table = data
    kept = kept_share(probabilities, labels)
    sample = draw_entries(probabilities, labels, 40).tolist()
    monkeypatch.setattr(label_blocks, 'ENTRIES', 4 * CLASSES)
    assert kept_share(probabilities, labels) == kept_share(probabilities, table) == kept
    assert draw_entries(probabilities, labels, 40).tolist() == sample
    assert draw_entries(probabilities, table, 40).tolist() == sample


def test_a_probe_learns_the_same_from_a_table(data, monkeypatch):
    _, labels, table = data
    monkeypatch.setattr(probe, 'STEPS', 20)
    features = np.random.default_rng(1).normal(size=(IMAGES, 4))
    one = out_of_fold_probabilities(features, labels, folds=2)
    assert one.tolist() == out_of_fold_probabilities(features, table, folds=2).tolist()


def test_errors_name_the_image_in_the_whole_table(data, small_blocks):
    probabilities, labels, _ = data
    probabilities[77, 3] = 2
    with pytest.raises(ValueError, match=r'the first 2\.0 for class 3 of image 77'):
        propose(probabilities, labels)
