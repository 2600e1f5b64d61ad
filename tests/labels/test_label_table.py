"""A label table is a matrix of 1, 0 and -1, whichever entries it lists."""

import copy

import numpy as np
import pytest

from mmpretrain_mlml.labels import LabelTable

NAMES = [f'{number}.jpg' for number in range(60)]
CLASSES = tuple('vwxyz')


def draw(seed, weights):
    """Labels of 60 images and 5 classes, with given frequencies of -1, 0 and 1."""
    return np.random.default_rng(seed).choice([-1, 0, 1], (60, 5), p=weights).astype(np.int8)


MATRICES = {
    'all three': draw(0, [0.3, 0.3, 0.4]),
    'mostly absent': draw(1, [0.1, 0.8, 0.1]),
    'positive only': draw(2, [0.8, 0, 0.2]),
    'complete': draw(3, [0, 0.7, 0.3]),
    'nothing': np.full((60, 5), -1, np.int8),
}


@pytest.mark.parametrize('labels', MATRICES.values(), ids=MATRICES)
class TestOneMatrix:
    @pytest.fixture
    def table(self, labels):
        return LabelTable.from_dense(NAMES, labels, CLASSES)

    def test_entries(self, table, labels):
        assert np.array_equal(table.dense(), labels)
        for row in range(60):
            assert np.array_equal(table.target(row), labels[row])
            assert table.target(row).dtype == np.float32
            assert table.positives(row) == np.flatnonzero(labels[row] == 1).tolist()
        assert table.positive_lists[-1] == table.positives(59)
        assert list(table.positive_lists) == table.positive_lists[:]
        assert table.has_unobserved == (labels == -1).any()
        assert table.has_absent == (labels == 0).any()

    def test_counts(self, table, labels):
        for count, value in zip(table.counts(), (1, 0, -1)):
            assert np.array_equal(count, (labels == value).sum(0))
        assert np.array_equal(table.labels_per_image(), (labels == 1).sum(1))

    def test_take(self, table, labels):
        rows = [5, 0, 59, 5]
        part = table.take(rows)
        assert np.array_equal(part.dense(), labels[rows])
        assert part.names == [NAMES[row] for row in rows]
        assert part.location_of(2) == 'row 60'

    def test_equality_looks_at_labels_not_at_what_is_listed(self, table, labels):
        rows, indices = np.nonzero(labels != 0)
        other = LabelTable(
            table.names, CLASSES, np.searchsorted(rows, np.arange(61)), indices.astype(np.int32),
            labels[rows, indices], fill=0,
        )  # fmt: skip
        assert table == other
        changed = labels.copy()
        changed[7, 2] = -changed[7, 2] or 1
        assert table != LabelTable.from_dense(NAMES, changed, CLASSES)
        assert copy.deepcopy(table) is table


def test_positive_lists_as_a_table():
    table = LabelTable.from_positives(['a', 'b', 'c'], [[0, 2], [], [1]], 'xyz', fill=0)
    assert table.dense().tolist() == [[1, 0, 1], [0, 0, 0], [0, 1, 0]]
    assert not table.has_unobserved


@pytest.mark.parametrize('fill', [0, -1])
def test_without_absences_all_else_is_unobserved(fill):
    labels = np.array([[1, fill, -1 - fill], [-1 - fill, fill, fill], [1, 1, fill]], np.int8)
    table = LabelTable.from_dense(['a', 'b', 'c'], labels, ['x', 'y', 'z'])
    assert table.positives_only().dense().tolist() == np.where(labels == 1, 1, -1).tolist()
    assert table.dense().tolist() == labels.tolist()
