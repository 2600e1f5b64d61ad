"""The paper's rules and RPS on plain lists; reproducible on every machine."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from hashlib import blake2b

import numpy as np

from .draws import draw_entries, ticket

# Ratio r of the rule k = floor(r n) + 1; None keeps every label. Names say what share of COCO remains.
PROTOCOLS: dict[str, Fraction | None] = {
    'full': None,
    '0.75left': Fraction(1, 2),
    '0.4left': Fraction(1, 5),
    'single': Fraction(0),
}


def kept_count(n: int, protocol: str) -> int:
    """Return how many of an image's ``n`` positive labels a protocol keeps.

    Args:
        n: Number of positive labels, >= 0.
        protocol: ``'full'``, ``'0.75left'``, ``'0.4left'`` or ``'single'``.

    Raises:
        ValueError: If the protocol is unknown.

    Source: arXiv 2112.07368; the rule floor(r n) + 1 holds on all 82,081 lines of its lists.

    >>> [kept_count(n, '0.4left') for n in (0, 1, 4, 5, 10)]
    [0, 1, 1, 2, 3]
    """
    ratio = check_protocol(protocol)
    return n if ratio is None else min(int(ratio * n) + 1, n)


def drop_labels(
    names: Sequence[str], labels: Sequence[Sequence[int]], protocol: str, seed: int = 0
) -> list[list[int]]:
    """Drop positive labels at random; an image with labels keeps at least one.

    The kept labels are drawn uniformly without replacement. The draw is a hash of seed, protocol,
    image name and label instead of a random stream: the result is the same on every machine, Python
    and numpy version, and does not depend on the order or number of the other images. Protocols draw
    independently, like the published lists: their lists are not nested.

    Args:
        names: N image names.
        labels: N lists of distinct class indices.
        protocol: ``'full'``, ``'0.75left'``, ``'0.4left'`` or ``'single'``.
        seed: Seed for dropping labels, an integer >= 0.

    Returns:
        N lists of kept class indices, ascending (unchanged for ``'full'``).

    Raises:
        ValueError: If the protocol is unknown, the seed is not an integer >= 0, or names and labels
            differ in number.

    >>> drop_labels(['a.jpg', 'b.jpg'], [[3, 7, 9], [1]], 'single', seed=0)
    [[9], [1]]
    """
    if len(names) != len(labels):
        raise ValueError(f'expected as many names as labels, got {len(names)} and {len(labels)}')
    if check_protocol(protocol) is None:
        return [list(present) for present in labels]
    check_seed(seed)
    key = blake2b(f'{seed}/{protocol}'.encode()).digest()

    def keep(name: str, present: Sequence[int]) -> list[int]:
        count = kept_count(len(present), protocol)
        if count == len(present):
            return sorted(present)
        return sorted(sorted(present, key=lambda label: ticket(key, name, label))[:count])

    return [keep(name, present) for name, present in zip(names, labels)]


def hide_entries(names: Sequence[str], classes: int, share: float, seed: int = 0) -> np.ndarray:
    """Draw the entries that become unobserved, positive and negative alike (RPS).

    Entries are drawn independently. As in :func:`drop_labels`, the draw is a hash, of seed, share,
    image name and class.

    Args:
        names: N image names.
        classes: Number of classes C.
        share: Share of the entries to hide, in [0, 1].
        seed: Seed for hiding entries, an integer >= 0.

    Returns:
        Shape (N, C), bool; True for unobserved entries.

    Raises:
        ValueError: If the share lies outside [0, 1], or the seed is not an integer >= 0.

    Source: random per sample (RPS), arXiv 2110.10955.

    >>> hide_entries(['a.jpg', 'b.jpg'], classes=4, share=0.5)
    array([[ True,  True,  True, False],
           [False, False, False,  True]])
    """
    check_share(share)
    check_seed(seed)
    return draw_entries(f'{seed}/rps/{share}/', names, classes) < share


def check_share(share: float) -> float:
    """Return ``share`` unchanged; raise ValueError if it lies outside [0, 1]."""
    if not 0 <= share <= 1:
        raise ValueError(f'expected a share of entries in [0, 1], got {share!r}')
    return share


def check_seed(seed: int) -> None:
    """Raise ValueError if the seed is not an integer >= 0."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ValueError(f'expected seed to be an integer >= 0, got {seed!r}')


def check_protocol(protocol: str) -> Fraction | None:
    """Return the ratio r of a protocol; raise ValueError if the protocol is unknown."""
    if protocol not in PROTOCOLS:
        raise ValueError(f'unknown protocol {protocol!r}; expected one of {tuple(PROTOCOLS)}')
    return PROTOCOLS[protocol]
