"""Strings in two arrays are the strings."""

import numpy as np
import pytest

from mmpretrain_mlml.labels import TextArray

STRINGS = ['a.jpg', '', 'é 猫.jpg', 'x/y.jpg', '\U0001f431']


def test_it_is_the_sequence_of_its_strings():
    text = TextArray.from_strings(STRINGS)
    assert text == STRINGS
    assert list(text) == STRINGS
    assert [text[i] for i in range(-5, 5)] == STRINGS * 2
    assert text[1:4] == STRINGS[1:4]
    assert text != STRINGS[:-1]
    assert text != [*STRINGS[:-1], 'other']
    assert text == TextArray.from_strings(STRINGS) != TextArray.from_strings(STRINGS[1:])
    with pytest.raises(IndexError, match='no string 5 in an array of 5'):
        text[5]


@pytest.mark.parametrize('rows', [[], [4, 0, 2, 2], [1]])
def test_take(rows):
    text = TextArray.from_strings(STRINGS).take(np.array(rows, np.int64))
    assert text == [STRINGS[row] for row in rows]


def test_concatenation_and_long_arrays():
    some, more = TextArray.from_strings(STRINGS), TextArray.from_strings([])
    assert TextArray.concatenate([some, more, some]) == STRINGS * 2
    assert TextArray.concatenate([]) == []
    many = [str(number) for number in range(140_000)]  # several blocks
    assert list(TextArray.from_strings(many)) == many
