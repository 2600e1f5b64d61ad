"""The kinds of labels as a loss reads them."""

import numpy as np
import pytest

from mmpretrain_mlml import SPLC
from mmpretrain_mlml.datasets.statistics import LabelKinds
from mmpretrain_mlml.monitoring.label_kinds import label_kinds

COUNTS = LabelKinds(*np.array([[1, 2], [10, 20], [100, 200]]))


@pytest.mark.parametrize(
    ('unknown', 'absent', 'unobserved', 'ignored'),
    [
        ('ignore', [0, 0], [10, 20], [100, 200]),
        ('negative', [0, 0], [110, 220], [0, 0]),
        ('unobserved', [10, 20], [100, 200], [0, 0]),
    ],
)
def test_what_is_unobserved_depends_on_the_loss(unknown, absent, unobserved, ignored):
    assert label_kinds(COUNTS, SPLC(unknown=unknown)) == {
        'present': [1, 2],
        'absent': absent,
        'unobserved': unobserved,
        'ignored': ignored,
    }
