"""Parsed labels and their problems."""

import pytest

from mmpretrain_mlml.labels import LabelError, LabelList, ParsedLabels

LABELS = LabelList(['a.jpg'], [[1]])


def test_labels_without_problems_are_returned():
    assert ParsedLabels(LABELS, str, []).require_no_problems() is LABELS


def test_the_first_problem_is_raised():
    problems = [LabelError(f'list.txt:{line}', 'x', 'y') for line in (2, 3)]
    with pytest.raises(LabelError, match=r'list\.txt:2: got x; expected y'):
        ParsedLabels(LABELS, str, problems).require_no_problems()


def test_an_unreadable_source_has_no_labels_and_one_problem():
    problem = LabelError('list.txt', 'x', 'y')
    parsed = ParsedLabels.unreadable(problem)
    assert parsed.labels == ([], [])
    assert parsed.problems == [problem]
