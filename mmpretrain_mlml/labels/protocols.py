"""The published ways to make a fully labelled set incomplete, seeded and the same everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from hashlib import blake2b, shake_128

import numpy as np

# Share r of the rule k = floor(r n) + 1; None keeps every label. The name says what remains of COCO.
PROTOCOLS: dict[str, Fraction | None] = {
    'full': None,
    '0.75left': Fraction(1, 2),
    '0.4left': Fraction(1, 5),
    'single': Fraction(0),
}


def kept_count(n: int, protocol: str) -> int:
    """How many of an image's ``n`` positive labels a protocol keeps.

    Args:
        n: Number of positive labels, >= 0.
        protocol: ``'full'``, ``'0.75left'``, ``'0.4left'`` or ``'single'``.

    Raises:
        ValueError: The protocol is unknown.

    Source: arXiv 2112.07368; the rule floor(r n) + 1 holds on all 82,081 lines of its lists.

    >>> [kept_count(n, '0.4left') for n in (0, 1, 4, 5, 10)]
    [0, 1, 1, 2, 3]
    """
    ratio = check_protocol(protocol)
    return n if ratio is None else min(int(ratio * n) + 1, n)


def drop_labels(
    names: Sequence[str], labels: Sequence[Sequence[int]], protocol: str, seed: int = 0
) -> list[list[int]]:
    """Drops positive labels, uniformly without replacement, never leaving a labelled image empty.

    Which labels of an image survive follows from the seed, the protocol, the image's name and the
    label alone, through a hash instead of a random stream: the result is the same on every machine,
    Python and numpy version, and does not depend on the order or number of the other images. The
    lists of two protocols are drawn independently, as the published ones are: they are not nested.

    Args:
        names: N image names.
        labels: N lists of distinct class indices.
        protocol: ``'full'``, ``'0.75left'``, ``'0.4left'`` or ``'single'``.
        seed: Any whole number.

    Returns:
        N lists of kept class indices, ascending (``'full'``: as they came).

    Raises:
        ValueError: The protocol is unknown, the seed is no whole number, or names and labels differ
            in number.

    >>> drop_labels(['a.jpg', 'b.jpg'], [[3, 7, 9], [1]], 'single', seed=0)
    [[9], [1]]
    """
    if len(names) != len(labels):
        raise ValueError(f'expected as many names as labels, got {len(names)} and {len(labels)}')
    if check_protocol(protocol) is None:
        return [list(present) for present in labels]
    _check_seed(seed)
    key = blake2b(f'{seed}/{protocol}'.encode()).digest()

    def keep(name: str, present: Sequence[int]) -> list[int]:
        count = kept_count(len(present), protocol)
        if count == len(present):
            return sorted(present)
        return sorted(sorted(present, key=lambda label: _lot(key, name, label))[:count])

    return [keep(name, present) for name, present in zip(names, labels)]


def hide_entries(names: Sequence[str], classes: int, share: float, seed: int = 0) -> np.ndarray:
    """Draws which entries become unknown, present and absent alike: random partial labels (RPS).

    Each entry is drawn by itself. As for :func:`drop_labels` the draw follows from seed, share, name
    and class alone.

    Args:
        names: N image names.
        classes: Number of classes C.
        share: Of the entries to hide, in [0, 1].
        seed: Any whole number.

    Returns:
        Shape (N, C), bool: True is unknown.

    Raises:
        ValueError: The share lies outside [0, 1], or the seed is no whole number.

    Source: random per sample (RPS), arXiv 2110.10955.

    >>> hide_entries(['a.jpg', 'b.jpg'], classes=4, share=0.5)
    array([[ True,  True,  True, False],
           [False, False, False,  True]])
    """
    check_share(share)
    _check_seed(seed)
    key = f'{seed}/rps/{share}/'
    lots = b''.join(shake_128((key + name).encode()).digest(8 * classes) for name in names)
    uniform = np.frombuffer(lots, '<u8').reshape(len(names), classes) / 2.0**64
    return uniform < share


def check_share(share: float) -> float:
    """Raises ValueError for what is no share."""
    if not 0 <= share <= 1:
        raise ValueError(f'expected a share of entries in [0, 1], got {share!r}')
    return share


def _check_seed(seed: int) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int):
        raise ValueError(f'expected seed to be a whole number, got {seed!r}')


def check_protocol(protocol: str) -> Fraction | None:
    """The share r of a protocol; raises ValueError for an unknown name."""
    if protocol not in PROTOCOLS:
        raise ValueError(f'unknown protocol {protocol!r}; expected one of {tuple(PROTOCOLS)}')
    return PROTOCOLS[protocol]


def _lot(key: bytes, name: str, label: int) -> bytes:
    return blake2b(f'{name}/{label}'.encode(), digest_size=8, key=key).digest()
