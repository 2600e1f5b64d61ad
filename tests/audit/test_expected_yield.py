import numpy as np
import pytest

from mmpretrain_mlml.audit import calibrate, kept_share, missing_probability


def labelled(kept, images=4000, classes=5, seed=0):
    """Probabilities of a perfect model of labels that are kept with one probability."""
    random = np.random.default_rng(seed)
    presence = random.choice([0.001, 0.999], (images, classes), p=[0.8, 0.2])
    present = random.random(presence.shape) < presence
    observed = present & (random.random(presence.shape) < kept)
    return presence * kept, present, observed.astype(int)


@pytest.mark.parametrize('kept', [0.2, 0.4, 0.9])
def test_the_kept_share_is_read_from_the_surest_entries(kept):
    probabilities, _, labels = labelled(kept)
    assert kept_share(probabilities, labels, unobserved=0) == pytest.approx(kept, abs=0.1)


def test_the_relation_gives_the_number_of_missing_labels():
    probabilities, present, labels = labelled(0.4)
    hidden = labels == 0
    expected = missing_probability(probabilities[hidden], 0.4).sum()
    assert expected == pytest.approx((present & hidden).sum(), rel=0.03)


def test_complete_labels_leave_nothing_missing():
    assert not missing_probability(np.array([0.1, 0.999, 1.0]), 1.0).any()


def test_decisions_correct_offset_and_slope():
    random = np.random.default_rng(1)
    claimed = random.uniform(0.05, 0.95, 5000)
    logits = 0.5 * np.log(claimed / (1 - claimed)) - 1
    truth = 1 / (1 + np.exp(-logits))
    right = random.random(5000) < truth
    decided = random.permutation(5000)[:2000]
    corrected = calibrate(claimed, decided, right[decided])
    assert np.abs(corrected - truth).mean() < 0.03
    assert np.abs(claimed - truth).mean() > 0.15


def test_without_decisions_nothing_changes_and_few_change_little():
    claimed = np.linspace(0.01, 0.99, 50)
    assert calibrate(claimed, [], []) == pytest.approx(claimed)
    moved = calibrate(claimed, [25], [False])
    assert 0 < (claimed - moved).max() < 0.1


@pytest.mark.parametrize('kept', [0, -1, 1.5, np.nan])
def test_a_share_outside_its_range_is_refused(kept):
    with pytest.raises(ValueError, match=r'kept share in \(0, 1\]'):
        missing_probability(np.array([0.5]), kept)


def test_labels_without_a_positive_and_unequal_decisions_are_refused():
    with pytest.raises(ValueError, match='at least one observed positive'):
        kept_share(np.full((2, 2), 0.5), np.full((2, 2), -1))
    with pytest.raises(ValueError, match=r'one shape \(D,\), got \(2,\) and \(1,\)'):
        calibrate(np.full(3, 0.5), [0, 1], [True])
