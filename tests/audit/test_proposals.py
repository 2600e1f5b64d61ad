import numpy as np
import pytest

from mmpretrain_mlml.audit import propose

PROBABILITIES = np.array([[0.9, 0.2, 0.4], [0.8, 0.6, 0.3]])
LABELS = np.array([[1, -1, 0], [-1, 1, -1]])


def entries(proposals):
    return list(zip(proposals['image'].tolist(), proposals['class'].tolist()))


def test_unobserved_entries_are_proposed_as_missing_and_absences_never():
    proposals = propose(PROBABILITIES, LABELS)
    assert proposals.dtype.names == ('image', 'class', 'kind', 'probability')
    assert set(entries(proposals)) == {(1, 0), (0, 1), (1, 2)}
    assert set(proposals['kind']) == {'missing'}
    assert proposals[0].tolist() == (1, 0, 'missing', 0.8)


def test_observed_positives_are_proposed_as_wrong_least_probable_first():
    proposals = propose(PROBABILITIES, LABELS, kind='wrong', order='probability')
    assert proposals.tolist() == [(1, 1, 'wrong', 0.6), (0, 0, 'wrong', 0.9)]


def test_labels_of_1_and_0_say_by_an_argument_that_0_is_unobserved():
    binary = (LABELS == 1).astype(int)
    assert len(propose(PROBABILITIES, binary)) == 0
    assert len(propose(PROBABILITIES, binary, unobserved=0)) == 4
    with pytest.raises(ValueError, match=r'expected labels of \(1, 0\) with unobserved=0'):
        propose(PROBABILITIES, LABELS, unobserved=0)


def test_a_reviewed_table_gets_no_proposal():
    assert len(propose(PROBABILITIES, np.array([[1, 0, 0], [0, 1, 0]]))) == 0


def test_rare_classes_come_first_among_equally_probable_entries():
    labels = np.full((6, 2), -1)
    labels[:4, 0] = labels[0, 1] = 1
    proposals = propose(np.full((6, 2), 0.5), labels, order='balanced')
    assert proposals['class'].tolist() == [1] * 5 + [0] * 2


def test_limit_keeps_the_best_and_none_keeps_all():
    random = np.random.default_rng(0)
    probabilities, labels = random.random((50, 7)), random.integers(-1, 2, (50, 7))
    every = propose(probabilities, labels)
    assert len(every) == (labels == -1).sum()
    assert propose(probabilities, labels, 20).tolist() == every[:20].tolist()
    assert len(propose(probabilities, labels, 0)) == 0


def test_single_precision_probabilities_are_ranked_as_they_are():
    p = PROBABILITIES.astype(np.float32)
    assert entries(propose(p, LABELS)) == entries(propose(PROBABILITIES, LABELS))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'labels': LABELS[:1]}, r'one shape \(N, C\), got \(2, 3\) and \(1, 3\)'),
        ({'probabilities': PROBABILITIES * 2}, 'first 1.8 for class 0 of image 0'),
        ({'probabilities': PROBABILITIES * np.nan}, 'got 6 outside'),
        ({'labels': LABELS * 2}, 'the first 2 for class 0 of image 0'),
        ({'limit': -1}, 'expected a limit of 0 or more, got -1'),
        ({'kind': 'unsure'}, "unknown kind 'unsure'"),
        ({'order': 'random'}, "unknown order 'random'"),
        ({'unobserved': 2}, 'expected unobserved=-1 or unobserved=0, got 2'),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        propose(**{'probabilities': PROBABILITIES, 'labels': LABELS} | arguments)
