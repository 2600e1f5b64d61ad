import numpy as np
import pytest

from mmpretrain_mlml.audit.orders import ORDERS, alternating, balanced, by_probability

EVIDENCE = np.array([0.5, 0.9, 0.9, 0.1, 0.6])
FREQUENCY = np.array([1, 100, 100, 1, 2])


def test_by_probability_ranks_by_evidence_and_equal_evidence_by_position():
    assert by_probability(EVIDENCE, FREQUENCY, 5).tolist() == [1, 2, 4, 0, 3]


def test_balanced_divides_by_the_frequency_of_the_class():
    assert balanced(EVIDENCE, FREQUENCY, 5).tolist() == [0, 4, 3, 1, 2]


def test_alternating_takes_both_orders_in_turn_and_no_entry_twice():
    assert alternating(EVIDENCE, FREQUENCY, 5).tolist() == [1, 0, 2, 4, 3]


@pytest.mark.parametrize('order', ORDERS)
def test_a_limit_gives_the_beginning_of_the_whole_order_also_among_equal_values(order):
    random = np.random.default_rng(0)
    evidence = random.integers(0, 5, 200) / 5
    frequency = random.integers(1, 4, 200)
    whole = ORDERS[order](evidence, frequency, 200)
    assert sorted(whole) == list(range(200))
    for limit in (0, 1, 7, 100, 199):
        assert ORDERS[order](evidence, frequency, limit).tolist() == whole[:limit].tolist()
