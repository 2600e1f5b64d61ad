"""Protocols that drop labels and hide entries."""

import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from mmpretrain_mlml.labels import (
    PROTOCOLS,
    drop_labels,
    hide_entries,
    kept_count,
    read_label_list,
)

# n positive labels -> images of COCO train2014 with that many
COCO_HISTOGRAM = {
    1: 16813, 2: 25053, 3: 16837, 4: 9830, 5: 5910, 6: 3364, 7: 1988, 8: 1076, 9: 598, 10: 315,
    11: 164, 12: 75, 13: 36, 14: 12, 15: 7, 16: 2, 18: 1,
}  # fmt: skip
COUNTS = {'full': 241_035, '0.75left': 181_422, '0.4left': 96_251, 'single': 82_081}


def coco_like():
    labels = [list(range(n)) for n, images in COCO_HISTOGRAM.items() for _ in range(images)]
    return [f'{index}.jpg' for index in range(len(labels))], labels


@pytest.mark.parametrize('protocol', PROTOCOLS)
@pytest.mark.parametrize('seed', [0, 1, 2024])
def test_label_counts_are_the_published_ones_with_any_seed(protocol, seed):
    assert sum(map(len, drop_labels(*coco_like(), protocol, seed))) == COUNTS[protocol]


@pytest.mark.parametrize('protocol', PROTOCOLS)
def test_released_lists_follow_the_rule_for_each_image(shared, protocol):
    folder = shared / 'coco_labels'
    full = read_label_list(folder / 'coco_train_full.txt', 80)
    name = 'singlelabel' if protocol == 'single' else protocol
    released = read_label_list(folder / f'coco_train_{name}.txt', 80)
    assert released.names == full.names
    for kept, present in zip(released.labels, full.labels):
        assert set(kept) <= set(present)
        assert len(kept) == kept_count(len(present), protocol)
    assert sum(map(len, drop_labels(*full, protocol, seed=3))) == COUNTS[protocol]


@pytest.mark.parametrize('n', range(200))
def test_kept_count_is_exact_arithmetic(n):
    assert kept_count(n, 'full') == n
    for protocol, r in (('0.75left', 2), ('0.4left', 5)):
        assert kept_count(n, protocol) == min(n, math.floor(Fraction(n, r)) + 1)
    assert kept_count(n, 'single') == min(n, 1)


def test_dropped_labels_are_the_same_on_every_machine():
    names, labels = ['a.jpg', 'b.jpg', 'c.jpg'], [[5, 3, 1, 79], [2], [0, 10, 20, 30, 40, 50]]
    assert drop_labels(names, labels, '0.75left', 0) == [[1, 3, 5], [2], [0, 10, 20, 40]]
    assert drop_labels(names, labels, '0.4left', 7) == [[5], [2], [20, 30]]
    assert drop_labels(names, labels, 'single', 2) == [[79], [2], [30]]
    with pytest.raises(ValueError, match='expected seed to be an integer >= 0, got -1'):
        drop_labels(names, labels, 'single', -1)


def test_kept_labels_do_not_depend_on_other_images():
    names, labels = coco_like()
    kept = dict(zip(names, drop_labels(names, labels, '0.4left', 1)))
    some = slice(None, None, -97)
    assert drop_labels(names[some], labels[some], '0.4left', 1) == [kept[n] for n in names[some]]
    shuffled = [present[::-1] for present in labels]
    assert drop_labels(names, shuffled, '0.4left', 1) == list(kept.values())


def test_every_label_is_kept_equally_often():
    names = [f'{index}.jpg' for index in range(20_000)]
    kept = drop_labels(names, [list(range(10))] * 20_000, '0.4left', 0)
    counts = Counter(label for labels in kept for label in labels)
    expected = 20_000 * 3 / 10
    deviation = math.sqrt(20_000 * 0.3 * 0.7)
    assert all(abs(counts[label] - expected) < 4.5 * deviation for label in range(10))
    pairs = Counter(tuple(labels) for labels in kept)
    assert len(pairs) == math.comb(10, 3)  # every subset is possible


def test_protocols_and_seeds_draw_independently():
    names = [f'{index}.jpg' for index in range(5000)]
    labels = [list(range(4))] * 5000
    single, three = (drop_labels(names, labels, p, 0) for p in ('single', '0.75left'))
    inside = sum(set(a) <= set(b) for a, b in zip(single, three)) / 5000
    assert inside == pytest.approx(3 / 4, abs=0.03)  # nested lists would give 1
    again = sum(a == b for a, b in zip(single, drop_labels(names, labels, 'single', 1))) / 5000
    assert again == pytest.approx(1 / 4, abs=0.03)


@pytest.mark.parametrize('seed', [None, 0.5, 'a', True])
def test_seeds_are_integers(seed):
    with pytest.raises(ValueError, match='seed to be an integer'):
        drop_labels(['a'], [[1]], 'single', seed)
    assert drop_labels(['a'], [[1]], 'single', 10**99) == [[1]]


def test_unknown_protocols_and_uneven_inputs_raise():
    with pytest.raises(ValueError, match=r"'0.5left'; expected one of .*0\.4left"):
        drop_labels(['a'], [[1]], '0.5left')
    with pytest.raises(ValueError, match='1 and 2'):
        drop_labels(['a'], [[1], [2]], 'full')


def test_hidden_entries_are_independent_and_reproducible():
    names = [f'{index}.jpg' for index in range(2000)]
    hidden = hide_entries(names, classes=20, share=0.3, seed=1)
    assert hidden.shape == (2000, 20)
    assert abs(hidden.mean() - 0.3) < 0.01  # 4 sigma are 0.009
    assert np.abs(hidden.mean(0) - 0.3).max() < 0.06
    assert np.abs(np.corrcoef(hidden.T) - np.eye(20)).max() < 0.12
    assert (hide_entries(names[::-1], 20, 0.3, seed=1) == hidden[::-1]).all()
    assert (hide_entries(names[5:6], 20, 0.3, seed=1) == hidden[5:6]).all()
    assert (hide_entries(names, 20, 0.3, seed=2) != hidden).any()
    assert not hide_entries(names, 20, 0.0).any()
    assert hide_entries(names, 20, 1.0).all()
    for share in (-0.1, 1.1, float('nan')):
        with pytest.raises(ValueError, match=r'a share of entries in \[0, 1\]'):
            hide_entries(names, 20, share)


def test_a_negative_seed_is_refused():
    """In other frameworks it asks for a random one."""
    for draw in (
        lambda: drop_labels(['a'], [[0, 1]], 'single', seed=-1),
        lambda: hide_entries(['a'], 2, 0.5, seed=-1),
    ):
        with pytest.raises(ValueError, match='expected seed to be an integer >= 0, got -1'):
            draw()
