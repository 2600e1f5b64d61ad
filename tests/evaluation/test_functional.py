"""Multi-label scores compared with the released code and scikit-learn."""

import math
import tracemalloc

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, precision_recall_fscore_support

from mmpretrain_mlml.evaluation import average_precision, functional, multi_label_scores

OFFICIAL_NAMES = {
    'mAP': 'mAP', 'CP': 'CP', 'CR': 'CR', 'CF1': 'CF1_harmonic',
    'CF1_classwise_mean': 'CF1_mean_of_class_f1', 'OP': 'OP', 'OR': 'OR', 'OF1': 'OF1',
}  # fmt: skip


def random_case(n=300, c=12, seed=0, decimals=None):
    random = np.random.RandomState(seed)
    targets = (random.rand(n, c) < random.uniform(0.05, 0.4, c)).astype(int)
    scores = 1 / (1 + np.exp(-(targets + random.randn(n, c))))
    return (scores if decimals is None else scores.round(decimals)), targets


def test_equals_the_released_validation(official):
    for case in official['metrics']:
        result = multi_label_scores(
            np.array(case['scores']), np.array(case['targets']), case['threshold']
        )
        np.testing.assert_allclose(result.ap, case['AP'], rtol=0, atol=1e-6)
        for ours, theirs in OFFICIAL_NAMES.items():
            assert abs(result.summary[ours] - case[theirs]) < 1e-6, ours


@pytest.mark.parametrize('decimals', [None, 1], ids=['distinct', 'many ties'])
def test_equals_scikit_learn(decimals):
    scores, targets = random_case(decimals=decimals)
    expected = [100 * average_precision_score(t, s) for s, t in zip(scores.T, targets.T)]
    np.testing.assert_allclose(average_precision(scores, targets), expected)
    result = multi_label_scores(scores, targets, 0.5).summary
    for average, names in (
        ('macro', ('CP', 'CR', 'CF1_classwise_mean')),
        ('micro', ('OP', 'OR', 'OF1')),
    ):
        expected = precision_recall_fscore_support(
            targets, scores > 0.5, average=average, zero_division=0
        )
        np.testing.assert_allclose([result[name] for name in names], 100 * np.array(expected[:3]))


def test_ties_do_not_depend_on_the_order_of_images():
    scores, targets = random_case(decimals=1)
    order = np.random.RandomState(1).permutation(len(scores))
    shuffled = multi_label_scores(scores[order], targets[order])
    assert shuffled.summary == pytest.approx(multi_label_scores(scores, targets).summary)


def test_a_score_at_the_threshold_is_not_predicted():
    result = multi_label_scores(np.array([[0.5, 0.6]]), np.array([[1, 1]]), threshold=0.5).summary
    assert (result['OP'], result['OR']) == (100, 50)


def test_topk_replaces_the_threshold():
    scores, targets = random_case()
    result = multi_label_scores(scores, targets, topk=3).summary
    chosen = np.zeros_like(targets)
    for row, values in zip(chosen, scores):
        row[np.argsort(values)[-3:]] = 1
    expected = precision_recall_fscore_support(targets, chosen, average='micro')
    np.testing.assert_allclose(
        [result[k] for k in ('OP', 'OR', 'OF1')], 100 * np.array(expected[:3])
    )


def test_topk_selects_observed_entries():
    result = multi_label_scores(np.array([[0.9, 0.8, 0.1]]), np.array([[-1, 1, 0]]), topk=1).summary
    assert (result['OP'], result['OR']) == (100, 100)


def test_unobserved_entries_are_left_out():
    scores, targets = random_case(c=1)
    known = np.random.RandomState(1).rand(len(scores)) < 0.6
    hidden = np.where(known[:, None], targets, -1)
    expected = multi_label_scores(scores[known], targets[known])
    result = multi_label_scores(scores, hidden)
    assert result.summary == pytest.approx(expected.summary)
    assert result.ap == pytest.approx(expected.ap)


def test_classes_without_positives_count_as_zero_or_are_skipped():
    scores, targets = random_case(c=4)
    targets[:, 2] = 0
    zero = multi_label_scores(scores, targets)
    skip = multi_label_scores(scores, targets, empty_classes='skip')
    rest = multi_label_scores(scores[:, [0, 1, 3]], targets[:, [0, 1, 3]])
    assert zero.empty.tolist() == skip.empty.tolist() == [2]
    assert np.isnan(zero.ap[2])
    for name in ('mAP', 'CP', 'CR', 'CF1_classwise_mean'):
        assert skip.summary[name] == pytest.approx(rest.summary[name])
        assert zero.summary[name] == pytest.approx(rest.summary[name] * 3 / 4)
    assert zero.summary['OF1'] == skip.summary['OF1']


@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_named(value):
    scores, targets = random_case()
    scores[7, 3] = value
    for function in (multi_label_scores, average_precision):
        with pytest.raises(ValueError, match=r'1 that are not, the first .* class 3 of sample 7'):
            function(scores, targets)


def test_half_precision_scores_are_computed_in_float64():
    scores, targets = random_case()
    half = scores.astype(np.float16)
    assert (
        multi_label_scores(half, targets).summary
        == multi_label_scores(half.astype(float), targets).summary
    )


@pytest.mark.parametrize('threshold', [0.3, 0.1, 0.5, 1e-50, -1e300, 1e300])
def test_the_threshold_is_exact_for_single_precision_scores(threshold):
    """0.3 in single precision is above 0.3."""
    with np.errstate(over='ignore'):
        near = np.float32(threshold)
    sides = [np.nextafter(near, np.float32(side)) for side in (-np.inf, np.inf)]
    scores = np.array([*sides, near, 0.3, 0.1, 0.0], np.float32).clip(-9, 9)[:, None]
    result = multi_label_scores(scores, np.ones((6, 1), int), threshold)
    expected = 100 * np.mean(scores.astype(np.float64) > threshold)
    assert result.recall.item() == pytest.approx(expected, abs=1e-9)


def test_blocks_of_classes_and_rows_give_the_same(monkeypatch):
    scores, targets = random_case(decimals=2)
    targets[np.random.RandomState(2).rand(*targets.shape) < 0.3] = -1
    for topk in (None, 3):
        expected = multi_label_scores(scores, targets, topk=topk)
        monkeypatch.setattr(functional, 'BLOCK', 700)
        result = multi_label_scores(scores, targets, topk=topk)
        monkeypatch.undo()
        assert result.summary == expected.summary
        assert (result.ap == expected.ap).all()


def test_inputs_are_not_modified():
    scores, targets = random_case()
    for case in (scores.copy(), np.asfortranarray(scores), scores.astype(np.float32)):
        before = case.copy()
        multi_label_scores(case, targets)
        assert (case == before).all()


def test_memory_is_a_fraction_of_the_scores():
    """Blocks, but no copy, of the scores; numpy tells its allocations to tracemalloc."""
    random = np.random.RandomState(0)
    scores = random.rand(8000, 1000).astype(np.float32)
    targets = (random.rand(8000, 1000) < 0.02).astype(np.int8)
    for topk, most in ((None, 0.35), (3, 0.9)):
        tracemalloc.start()
        multi_label_scores(scores, targets, topk=topk)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < most * scores.nbytes


@pytest.mark.parametrize(
    ('arguments', 'expected'),
    [
        ((np.zeros((2, 3)), np.zeros((2, 2))), r'\(2, 3\) and \(2, 2\)'),
        ((np.zeros(3), np.zeros(3)), r'\(N, C\)'),
        ((np.zeros((0, 3)), np.zeros((0, 3))), 'non-empty'),
        ((np.zeros((1, 2)), np.array([[0, 2]])), r'got also \[2\]'),
        ((np.zeros((1, 2)), np.array([[0, 0.5]])), r'got also \[0.5\]'),
        ((np.zeros((1, 2)), np.array([[0, 1]]), 0.5, 3), r'topk in \[1, 2\], got 3'),
        ((np.zeros((1, 2)), np.array([[0, 1]]), 0.5, None, 'drop'), "'drop'; expected one of"),
        ((np.zeros((1, 2)), np.array([[0, 0]]), 0.5, None, 'skip'), 'no class has a positive'),
    ],
)
def test_wrong_arguments_are_named(arguments, expected):
    with pytest.raises(ValueError, match=expected):
        multi_label_scores(*arguments)


@pytest.mark.parametrize('threshold', [math.nan, math.inf])
def test_a_threshold_that_is_not_finite_is_refused(threshold):
    with pytest.raises(ValueError, match='expected a finite threshold, got'):
        multi_label_scores(np.array([[0.5, 0.6]]), np.array([[1, 1]]), threshold)
