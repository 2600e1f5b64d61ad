"""Names that are fit to be printed."""

import json

import pytest
from helpers.hostile_names import HOSTILE_NAMES, assert_harmless

from mmpretrain_mlml.printable import first_few, printable, readable_json


@pytest.mark.parametrize('name', HOSTILE_NAMES)
def test_control_characters_become_codes(name):
    assert_harmless(printable(name), ends='')
    assert_harmless(printable(name, 20), ends='')
    assert len(printable(name, 20)) <= 20
    assert isinstance(printable(name).encode(), bytes)  # no surrogates


@pytest.mark.parametrize(
    'name', ['ant', 'Wa\u0308rme', '\u65e5\u672c\u3000x', 'a\xa0b', '\U0001f600', '[/]', '$']
)
def test_other_names_stay_as_they_are(name):
    assert printable(name) == printable(name, 40) == name


def test_long_names_keep_both_ends():
    one, other = (printable('y' * 300 + end, 12) for end in '12')
    assert (one, other) == ('yyyyyyy\u2026yyy1', 'yyyyyyy\u2026yyy2')
    assert printable('x' * 12, 12) == 'x' * 12


def test_a_list_names_the_first_and_counts_the_others():
    assert first_few(['a', 'b']) == 'a, b'
    assert first_few(map(str, range(8182)), 3) == '0, 1, 2 and 8,179 more'
    assert len(first_few(['x' * 300] * 9, width=40)) < 350
    assert first_few([]) == ''


def test_json_is_readable_and_harmless():
    content = {'classes': [*HOSTILE_NAMES, '\u65e5\u672c', '\u2028', '\ufeff']}
    text = readable_json(content, indent=2)
    assert json.loads(text) == content
    assert '\u65e5\u672c' in text
    assert_harmless(text)
