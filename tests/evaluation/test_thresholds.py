"""Thresholds against brute force over every decision that a threshold can make."""

import numpy as np
import pytest

from mmpretrain_mlml.evaluation import multi_label_scores, tune_thresholds

FIXED = dict(bootstrap=2, folds=2)


def case(seed, size=30, classes=3, unobserved=0.2, steps=12):
    """Probabilities with many ties, and three-valued labels."""
    random = np.random.default_rng(seed)
    probabilities = random.integers(0, steps + 1, (size, classes)) / steps
    labels = (random.random((size, classes)) < 0.1 + 0.6 * probabilities).astype(int)
    labels[random.random((size, classes)) < unobserved] = -1
    return probabilities, labels


def cuts(probabilities):
    """One threshold between each two neighbouring probabilities, and one above all."""
    found = np.unique(np.append(probabilities, 0))
    return np.append((found[1:] + found[:-1]) / 2, found[-1])


def summary(probabilities, labels, values):
    return multi_label_scores(probabilities, labels, values, empty_classes='skip').summary


@pytest.mark.parametrize('seed', range(8))
@pytest.mark.parametrize(
    ('goal', 'score'), [('micro_f1', 'OF1'), ('macro_f1', 'CF1_classwise_mean')]
)
def test_no_common_threshold_has_a_better_f1(seed, goal, score):
    probabilities, labels = case(seed)
    found = tune_thresholds(probabilities, labels, goal=goal, **FIXED)
    best = max(summary(probabilities, labels, cut)[score] for cut in cuts(probabilities))
    assert len(set(found.values)) == 1
    assert found.score == pytest.approx(best)
    assert summary(probabilities, labels, found.values)[score] == pytest.approx(best)


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize(
    ('goal', 'score'), [('micro_f1', 'OF1'), ('macro_f1', 'CF1_classwise_mean')]
)
def test_no_thresholds_by_class_have_a_better_f1(seed, goal, score):
    probabilities, labels = case(seed, size=14, steps=6)
    labels[0] = 1  # a class without positives gets the common threshold
    found = tune_thresholds(probabilities, labels, goal=goal, per_class=True, shrinkage=0, **FIXED)
    grid = np.stack(np.meshgrid(*[cuts(probabilities)] * 3), -1).reshape(-1, 3)
    best = max(summary(probabilities, labels, row)[score] for row in grid)
    assert found.score == pytest.approx(best)
    assert summary(probabilities, labels, found.values)[score] == pytest.approx(best)


@pytest.mark.parametrize('seed', range(6))
def test_a_wanted_precision_is_kept_with_the_highest_recall(seed):
    probabilities, labels = case(seed)
    found = tune_thresholds(
        probabilities, labels, goal='precision', wanted=60, per_class=True, shrinkage=0, **FIXED
    )
    for column in range(3):
        one = probabilities[:, [column]], labels[:, [column]]
        rows = [multi_label_scores(*one, cut) for cut in cuts(one[0])]
        kept = [row.recall[0] for row in rows if row.precision[0] >= 60]
        got = multi_label_scores(*one, found.values[column])
        if kept:
            assert got.precision[0] >= 60
            assert got.recall[0] == pytest.approx(max(kept))
        else:
            assert column in found.unreached
            assert got.recall[0] == 0


@pytest.mark.parametrize('seed', range(6))
def test_a_wanted_recall_is_kept_with_the_fewest_predictions(seed):
    probabilities, labels = case(seed)
    probabilities = np.maximum(probabilities, 0.01)
    found = tune_thresholds(
        probabilities, labels, goal='recall', wanted=80, per_class=True, shrinkage=0, **FIXED
    )
    for column in range(3):
        one = probabilities[:, [column]], labels[:, [column]]
        fewest = max(cut for cut in cuts(one[0]) if multi_label_scores(*one, cut).recall[0] >= 80)
        assert multi_label_scores(*one, found.values[column]).recall[0] >= 80
        assert found.values[column] == pytest.approx(fewest)


def test_a_class_that_cannot_keep_a_precision_is_named_and_not_predicted():
    probabilities = np.array([[0.9, 0.9], [0.5, 0.3], [0.2, 0.1]])
    labels = np.array([[1, 0], [0, 1], [0, 0]])
    found = tune_thresholds(
        probabilities, labels, goal='precision', wanted=90, per_class=True, shrinkage=0, **FIXED
    )
    assert found.unreached.tolist() == [1]
    assert not (probabilities[:, 1] > found.values[1]).any()


def test_expected_rates_are_predicted_without_labels():
    probabilities = np.random.default_rng(0).random((200, 3))
    rates = np.array([0.05, 0.3, 0.7])
    found = tune_thresholds(probabilities, rates=rates, per_class=True, shrinkage=0)
    np.testing.assert_allclose((probabilities > found.values).mean(0), rates, atol=1e-9)
    assert (found.score, found.cross_fitted, found.interval) == (None, None, None)
    common = tune_thresholds(probabilities, rates=rates)
    assert (probabilities > common.common).sum() == 210
    scored = tune_thresholds(probabilities, (probabilities > 0.5).astype(int), rates=rates)
    assert scored.values.tolist() == common.values.tolist()
    assert 0 < scored.cross_fitted <= 100


def test_unobserved_entries_change_nothing():
    probabilities, labels = case(0, unobserved=0)
    hidden = np.concatenate([labels, np.full_like(labels, -1)])
    more = np.concatenate([probabilities, np.random.default_rng(1).random(labels.shape)])
    for per_class in (False, True):
        known = tune_thresholds(probabilities, labels, per_class=per_class, **FIXED)
        found = tune_thresholds(more, hidden, per_class=per_class, **FIXED)
        np.testing.assert_array_equal(found.values, known.values)
        assert found.score == known.score


def test_shrinkage_leads_from_own_thresholds_to_the_common_one():
    probabilities, labels = case(1, size=60, classes=4)
    labels[:, 3] = -1  # nothing is known about this class

    def tuned(shrinkage):
        return tune_thresholds(probabilities, labels, per_class=True, shrinkage=shrinkage, **FIXED)

    own, half, common = tuned(0), tuned(20), tuned(1e12)
    np.testing.assert_allclose(common.values, common.common, rtol=1e-6)
    assert own.values[3] == half.values[3] == own.common
    low, high = np.minimum(own.values, own.common), np.maximum(own.values, own.common)
    assert ((low - 1e-6 <= half.values) & (half.values <= high + 1e-6)).all()
    weight = own.positives[0] / (own.positives[0] + 20)
    odds = [np.log(value / (1 - value)) for value in (own.values[0], own.common, half.values[0])]
    assert odds[2] == pytest.approx(weight * odds[0] + (1 - weight) * odds[1])


def test_cross_fitting_does_not_promise_what_noise_gives():
    random = np.random.default_rng(0)
    probabilities, labels = random.random((60, 40)), (random.random((60, 40)) < 0.05).astype(int)
    found = tune_thresholds(probabilities, labels, per_class=True, shrinkage=0)
    fresh = random.random((5000, 40)), (random.random((5000, 40)) < 0.05).astype(int)
    true = summary(*fresh, found.values)['OF1']
    assert found.score > 2 * true
    assert found.cross_fitted == pytest.approx(true, abs=4)
    assert found.interval[0] < found.cross_fitted < found.interval[1]


def test_the_interval_covers_the_score_of_new_images():
    def draw(random, size):
        labels = (random.random((size, 5)) < 0.3).astype(int)
        return 1 / (1 + np.exp(-random.normal(2 * labels - 1.5, 1))), labels

    fresh = draw(np.random.default_rng(100), 20_000)
    covered = 0
    for seed in range(20):
        found = tune_thresholds(*draw(np.random.default_rng(seed), 200), bootstrap=100)
        low, high = found.interval
        covered += low <= summary(*fresh, found.values)['OF1'] <= high
    assert covered >= 16


def test_neighbouring_float32_probabilities_are_told_apart():
    low = np.float32(0.3)
    high = np.nextafter(low, np.float32(1))
    probabilities = np.array([[low], [high], [low], [high]], np.float32)
    found = tune_thresholds(probabilities, np.array([[0], [1], [0], [1]]), **FIXED)
    assert found.score == 100
    assert low <= found.values[0] < high


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'goal': 'f1'}, "unknown goal 'f1'"),
        ({'goal': 'precision'}, 'precision and recall need it'),
        ({'wanted': 90}, 'precision and recall need it'),
        ({'goal': 'recall', 'wanted': 0}, r'wanted in \(0, 100\]'),
        ({'rates': [0.1, 0.2]}, 'a rate in .* for each of 3 classes'),
        ({'rates': [0.1, 0.2, 0.3], 'goal': 'macro_f1'}, 'one of the two'),
        ({'shrinkage': -1}, 'shrinkage >= 0'),
        ({'folds': 1}, 'folds >= 2'),
        ({'labels': None}, 'got neither'),
        ({'labels': np.zeros((30, 3), int)}, 'no entry is positive'),
        ({'probabilities': np.full((30, 3), 1.5)}, r'probabilities in \[0, 1\]'),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    probabilities, labels = case(0)
    given = {'probabilities': probabilities, 'labels': labels, **arguments}
    with pytest.raises(ValueError, match=message):
        tune_thresholds(**given)
