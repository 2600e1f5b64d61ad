import numpy as np
import pytest

from mmpretrain_mlml.audit import draw_entries, estimate_missing


@pytest.fixture(scope='module')
def table():
    """Probabilities of a fair model, labels of which 60 % are missing, and which are."""
    random = np.random.default_rng(0)
    presence = random.beta(0.08, 2.0, (1500, 20))
    present = random.random(presence.shape) < presence
    observed = present & (random.random(presence.shape) < 0.4)
    labels = np.where(observed, 1, -1)
    return presence * 0.4, labels, present & ~observed


def estimates(table, count, repetitions, among=None):
    probabilities, labels, missing = table
    for seed in range(repetitions):
        sample = draw_entries(probabilities, labels, count, seed=seed)
        present = missing[sample['image'], sample['class']]
        chosen = None if among is None else np.isin(sample['class'], among)
        yield estimate_missing(sample, present, chosen)


def test_the_estimate_is_unbiased_and_its_interval_covers_the_truth(table):
    truth = table[2].sum()
    found = list(estimates(table, 300, 200))
    numbers = np.array([estimate.missing for estimate in found])
    assert numbers.mean() == pytest.approx(truth, rel=4 * numbers.std() / truth / 200**0.5)
    assert numbers.std() / truth < 0.2
    assert np.mean([e.low <= truth <= e.high for e in found]) >= 0.93


def test_classes_are_estimated_from_the_same_sample(table):
    classes = [0, 1, 2, 3, 4]
    truth = table[2][:, classes].sum()
    found = list(estimates(table, 300, 200, classes))
    numbers = np.array([estimate.missing for estimate in found])
    assert numbers.mean() == pytest.approx(truth, rel=4 * numbers.std() / truth / 200**0.5)
    assert np.mean([e.low <= truth <= e.high for e in found]) >= 0.93


def test_a_misleading_model_costs_precision_only(table):
    _, labels, missing = table
    useless = (np.random.default_rng(5).random(labels.shape), labels, missing)
    truth = missing.sum()
    numbers = np.array([estimate.missing for estimate in estimates(useless, 1000, 200)])
    assert numbers.mean() == pytest.approx(truth, rel=4 * numbers.std() / truth / 200**0.5)


def test_only_unobserved_entries_are_drawn_and_each_stands_once(table):
    probabilities, labels, _ = table
    sample = draw_entries(probabilities, labels, 500, seed=3)
    assert (labels[sample['image'], sample['class']] == -1).all()
    assert sample['draws'].sum() == 500
    assert len(np.unique(sample[['image', 'class']])) == len(sample)
    again = draw_entries(probabilities, labels, 500, seed=3)
    assert sample.tolist() == again.tolist()


def test_no_finding_still_has_an_upper_end(table):
    sample = draw_entries(table[0], table[1], 300)
    estimate = estimate_missing(sample, np.zeros(len(sample), bool))
    assert estimate.missing == estimate.low == 0 < estimate.high


def test_bad_input_is_named(table):
    probabilities, labels, _ = table
    with pytest.raises(ValueError, match='at least 2 draws, got 1'):
        draw_entries(probabilities, labels, 1)
    with pytest.raises(ValueError, match='labels without any'):
        draw_entries(probabilities, np.abs(labels), 10)
    with pytest.raises(ValueError, match='one decision for each'):
        estimate_missing(draw_entries(probabilities, labels, 10), np.zeros(3, bool))
