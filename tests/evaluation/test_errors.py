"""Errors by hand."""

import numpy as np
import pytest

from mmpretrain_mlml.evaluation import find_errors
from mmpretrain_mlml.evaluation.errors import decide


@pytest.fixture(scope='module')
def predictions():
    random = np.random.default_rng(0)
    targets = random.integers(-1, 2, (200, 6))
    return random.random(targets.shape).round(2), targets


@pytest.mark.parametrize(('threshold', 'topk'), [
    (0.5, None), (np.linspace(0.2, 0.9, 6), None), (0.5, 2),
])  # fmt: skip
def test_errors_are_those_of_the_decision_and_the_worst_come_first(predictions, threshold, topk):
    scores, targets = predictions
    found = find_errors(scores, targets, threshold, topk, count=5)
    predicted = decide(scores, targets, threshold, topk)
    assert (predicted.sum(1) == 2).all() if topk else (predicted == (scores > threshold)).all()
    wrong, missed = predicted & (targets == 0), ~predicted & (targets == 1)
    assert found.number_false.tolist() == wrong.sum(0).tolist()
    assert found.number_missed.tolist() == missed.sum(0).tolist()
    for part, entries, sign in ((found.false_positives, wrong, -1), (found.misses, missed, 1)):
        assert entries[part['image'], part['class']].all()
        assert (part['probability'] == scores[part['image'], part['class']]).all()
        for index in range(6):
            shown = part[part['class'] == index]
            expected = np.sort(sign * scores[entries[:, index], index])[:5]
            assert (sign * shown['probability']).tolist() == expected.tolist()


def test_what_nobody_said_is_no_error():
    found = find_errors(np.array([[0.9, 0.1]]), np.array([[-1, -1]]))
    assert len(found.false_positives) == len(found.misses) == 0


def test_bad_arguments_are_refused(predictions):
    with pytest.raises(ValueError, match='expected count >= 1, got 0'):
        find_errors(*predictions, count=0)
    with pytest.raises(ValueError, match=r'expected topk in \[1, 6\], got 7'):
        find_errors(*predictions, topk=7)
    with pytest.raises(ValueError, match='expected a finite threshold, got nan'):
        find_errors(*predictions, threshold=float('nan'))
    with pytest.raises(ValueError, match='one non-empty shape'):
        find_errors(predictions[0], predictions[1][:5])
