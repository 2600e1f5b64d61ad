"""What the values of a table mean: present, absent or unobserved."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from ..label_table import ABSENT, PRESENT, UNOBSERVED

MEANINGS = {'present': PRESENT, 'absent': ABSENT, 'unobserved': UNOBSERVED}
DEFAULTS: Mapping[str, tuple[str, ...]] = {
    'present': ('1', 'true', 'yes'),
    'absent': ('0', 'false', 'no'),
    'unobserved': ('-1',),
}
MOST_KNOWN = 10_000  # values that are looked up once; confidences can be millions
EMPTY = ('', 'nan', 'null', 'none')  # nothing was entered


class Values(dict[Any, int]):
    """Labels by the values of a table; a value that means nothing raises KeyError.

    Text is compared without case and spaces around it, and numbers by what they are: ``1.0`` is 1.

    Args:
        meanings: Values that are ``'present'``, ``'absent'`` and ``'unobserved'``; None for 1, 0 and
            -1 (or true and false, yes and no). An empty value means ``unlisted`` unless it is given.
        min_confidence: Confidence in [0, 1] from which on a label is present; 0 is absent, and what
            lies between is unobserved. None if values are no confidences.
        unlisted: Label of an entry of which the table says nothing.

    Raises:
        ValueError: If a key of ``meanings`` is unknown, a value has two meanings, or the confidence
            lies outside [0, 1].

    >>> values = Values()
    >>> values['1'], values[' TRUE '], values[0.0], values[''], values[None]
    (1, 1, 0, -1, -1)
    """

    def __init__(
        self,
        meanings: Mapping[str, Iterable[Any]] | None = None,
        min_confidence: float | None = None,
        unlisted: int = UNOBSERVED,
    ) -> None:
        super().__init__()
        if min_confidence is not None and not 0 < min_confidence <= 1:
            raise ValueError(f'min_confidence={min_confidence!r}: expected a number in (0, 1]')
        if meanings is not None and min_confidence is not None:
            raise ValueError('values and min_confidence: expected one of them, got both')
        self._min_confidence = min_confidence
        self._given: dict[str, int] = {}
        for meaning, some in (DEFAULTS if meanings is None else meanings).items():
            if meaning not in MEANINGS:
                raise ValueError(f'values has {meaning!r}; expected {", ".join(MEANINGS)}')
            for value in [some] if isinstance(some, str) else some:
                text = _text_of(value)
                if self._given.setdefault(text, MEANINGS[meaning]) != MEANINGS[meaning]:
                    raise ValueError(f'values gives {value!r} two meanings; expected one')
        self._labels = {**dict.fromkeys(EMPTY, unlisted), **self._given}

    @property
    def expected(self) -> str:
        """What the values are expected to be, for messages."""
        if self._min_confidence is not None:
            return f'a confidence from 0 to 1, present from {self._min_confidence} on'
        by_label = {
            label: '/'.join(text for text in self._labels if self._given.get(text) == label)
            for label in MEANINGS.values()
        }
        listed = [f'{by_label[label]} ({meaning})' for meaning, label in MEANINGS.items()]
        return ', '.join(text for text in listed if text[0] != ' ') + ' or nothing'

    def __missing__(self, value: Any) -> int:
        text = _text_of(value)
        if self._min_confidence is not None and text not in EMPTY:
            label = self._of_confidence(text)
        elif text in self._labels:
            label = self._labels[text]
        else:
            raise KeyError(value)
        if len(self) < MOST_KNOWN:
            self[value] = label
        return label

    def _of_confidence(self, text: str) -> int:
        try:
            confidence = float(text)
        except ValueError:
            raise KeyError(text) from None
        if not 0 <= confidence <= 1:
            raise KeyError(text)
        if confidence == 0:
            return ABSENT
        return PRESENT if confidence >= (self._min_confidence or 0) else UNOBSERVED


def _text_of(value: Any) -> str:
    """Return the form in which values are compared."""
    if value is None:
        return ''
    text = str(value).strip().lower()
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if math.isfinite(number) and number == int(number) else text
