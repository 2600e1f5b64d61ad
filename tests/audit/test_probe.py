import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mmpretrain_mlml.audit import out_of_fold_probabilities


def data(images=400, features=8, classes=3, seed=0):
    random = np.random.default_rng(seed)
    x = random.normal(size=(images, features))
    y = (x @ random.normal(size=(features, classes)) > 1).astype(int)
    return x, y


def test_features_that_tell_the_class_are_used_in_every_fold():
    x, y = data()
    assert roc_auc_score(y, out_of_fold_probabilities(x, y)) > 0.9


def test_no_image_is_scored_by_a_classifier_that_saw_its_label():
    x, _ = data()
    noise = np.random.default_rng(1).integers(0, 2, (len(x), 3))
    changed = noise.copy()
    changed[17] = 1 - changed[17]
    before, after = (out_of_fold_probabilities(x, labels, folds=2) for labels in (noise, changed))
    assert abs(roc_auc_score(noise, before) - 0.5) < 0.07
    assert before[17].tolist() == after[17].tolist()
    assert before.tolist() != after.tolist()


def test_a_seed_repeats_itself_and_other_seeds_differ():
    x, y = data()
    first, again, other = (out_of_fold_probabilities(x, y, folds=2, seed=s) for s in (1, 1, 2))
    assert first.tolist() == again.tolist() != other.tolist()


def test_unobserved_and_absent_are_trained_alike():
    x, y = data()
    unobserved = np.where(y == 1, 1, -1)
    one, other = (out_of_fold_probabilities(x, labels, folds=2) for labels in (y, unobserved))
    assert one.tolist() == other.tolist()


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        ({'labels': np.zeros((5, 3))}, r'features \(N, D\) and labels \(N, C\)'),
        ({'folds': 1}, r'folds in \[2, 400\], got 1'),
        ({'features': np.full((400, 8), np.inf)}, 'got 3200 that are not'),
    ],
)
def test_bad_input_is_named(change, message):
    x, y = data()
    with pytest.raises(ValueError, match=message):
        out_of_fold_probabilities(**{'features': x, 'labels': y} | change)
