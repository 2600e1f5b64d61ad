"""How many labels are missing: an unbiased estimate from a few hundred decisions.

Entries are drawn with chances in proportion to the root of their probability, one in each of as many
strata of equal chance along the entries sorted by probability. The estimator of Hansen and Hurwitz
divides each finding by its chance: it is unbiased, whatever the model is worth; a good model makes
it precise. A difference estimator with a logistic regression on the decisions gained nothing on
photographs, because the strata already use the probability.

Source: Hansen and Hurwitz, On the theory of sampling from finite populations (Annals of Mathematical
Statistics, 1943).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .label_blocks import Block, Labels, chosen_entries, joined, scored_blocks

SAMPLED = np.dtype(
    [
        ('image', np.int64),
        ('class', np.int64),
        ('probability', np.float64),
        ('weight', np.float64),
        ('draws', np.int64),
    ]
)
UNIFORM_SHARE = 0.15  # of the chances, so that no entry is out of reach
# Standard errors to each side. The normal 1.96 held the truth in 94 % of 1,200 draws of 300 entries of
# digits, since the error itself is estimated.
QUANTILE_95 = 2.1
GROUP_BITS = 14  # that float32 probabilities of one group differ in
GROUPS = (0x3F800000 >> GROUP_BITS) + 1  # up to probability 1


@dataclass(frozen=True)
class Estimate:
    """An estimated number of missing labels.

    Attributes:
        missing: Estimated number.
        low: Lower end of the 95 % interval.
        high: Upper end of the 95 % interval.
    """

    missing: float
    low: float
    high: float


def draw_entries(
    probabilities: np.ndarray,
    labels: Labels,
    count: int,
    *,
    seed: int = 0,
    unobserved: int = -1,
) -> np.ndarray:
    """Draw unobserved entries to be reviewed for :func:`estimate_missing`.

    Args:
        probabilities: Probability of presence, (N, C), in [0, 1].
        labels: 1 for present, 0 for absent, -1 for unobserved, (N, C), or a table of them.
        count: Number of draws. An entry that is drawn twice needs one decision.
        seed: Seed of the draw.
        unobserved: The value of unobserved entries, as for :func:`propose`.

    Returns:
        Structured array of the drawn entries in the order of the table: ``image``, ``class``,
        ``probability``, ``weight`` (number of entries that one draw stands for, before it is divided
        among the draws) and ``draws``.

    Raises:
        ValueError: If an argument is not as :func:`propose` expects, ``count`` is less than 2 or
            nothing is unobserved.
    """
    if count < 2:
        raise ValueError(f'expected at least 2 draws, got {count}')
    # entries in groups of nearly equal probability: how many, and the sum of their roots
    sizes, roots = np.zeros(GROUPS, np.int64), np.zeros(GROUPS)
    for block in scored_blocks(probabilities, labels, unobserved):
        entries = chosen_entries(block, block.labels == unobserved)
        groups = _group(entries.probability)
        sizes += np.bincount(groups, minlength=GROUPS)
        roots += np.bincount(groups, np.sqrt(entries.probability), GROUPS)
    number, total = int(sizes.sum()), float(roots.sum())
    if not number:
        raise ValueError('expected unobserved entries to draw from, got labels without any')

    def chance(root: np.ndarray, size: np.ndarray | float = 1.0) -> np.ndarray:
        share = UNIFORM_SHARE if total else 1.0
        return (1 - share) * root / (total or 1.0) + share * size / number

    ends = np.cumsum(chance(roots, sizes))
    # Equal distances from a single random number would have few outcomes in small tables.
    points = (np.arange(count) + np.random.default_rng(seed).random(count)) / count * ends[-1]
    hit = np.searchsorted(ends, points, side='right')
    parts = []
    for block in scored_blocks(
        probabilities, labels, unobserved
    ):  # the entries of groups with a draw
        parts.append(chosen_entries(block, _in_groups(block, unobserved, hit)))
    positions, probability = joined(parts)
    groups = _group(probability)
    ranked = np.lexsort((-probability, groups))
    inside = chance(np.sqrt(probability[ranked]))
    first = np.searchsorted(groups[ranked], hit)  # of the group of each draw
    own = np.concatenate([[0.0], np.cumsum(inside)])
    reached = own[first] + points - np.concatenate([[0.0], ends])[hit]
    last = np.searchsorted(groups[ranked], hit, side='right') - 1
    drawn = np.clip(np.searchsorted(own[1:], reached, side='right'), first, last)
    drawn, draws = np.unique(drawn, return_counts=True)

    sample = np.empty(len(drawn), SAMPLED)
    entries = ranked[drawn]
    sample['image'], sample['class'] = np.divmod(positions[entries], np.shape(probabilities)[1])
    sample['probability'], sample['draws'] = probability[entries], draws
    sample['weight'] = 1 / inside[drawn]
    return np.sort(sample, order=['image', 'class'])


def _group(probability: np.ndarray) -> np.ndarray:
    """Return the group of each probability: 0 holds those near 1, the last those near 0."""
    bits = probability.astype(np.float32).view(np.int32)  # ascending like the numbers
    group: np.ndarray = GROUPS - 1 - (bits >> GROUP_BITS)
    return group


def _in_groups(block: Block, unobserved: int, groups: np.ndarray) -> np.ndarray:
    wanted = np.zeros(GROUPS, bool)
    wanted[groups] = True
    mask: np.ndarray = wanted[_group(block.probabilities)] & (block.labels == unobserved)
    return mask


def estimate_missing(
    sample: np.ndarray, present: np.ndarray, among: np.ndarray | None = None
) -> Estimate:
    """Estimate the number of missing labels from decisions about a sample.

    Args:
        sample: Entries from :func:`draw_entries`, (S,).
        present: Whether each entry was found to be present, (S,), bool.
        among: Entries of the sample that count, (S,), bool, for the missing labels of some classes;
            all by default.

    Returns:
        The estimate with a 95 % interval, symmetric on the scale of the logarithm. Without any
        finding the interval ends at the number that would leave a chance of 5 % to find nothing.

    Raises:
        ValueError: If the shapes do not fit.
    """
    present = np.asarray(present, bool)
    among = np.ones(len(sample), bool) if among is None else np.asarray(among, bool)
    if present.shape != sample.shape or among.shape != sample.shape:
        raise ValueError(
            f'expected one decision for each of {sample.shape} entries, got {present.shape}'
            f' and {among.shape}'
        )
    count = int(sample['draws'].sum())
    found = present & among
    findings = np.where(found, sample['weight'], 0.0)
    if not found.any():
        heaviest = float(sample['weight'].max()) if len(sample) else 0.0
        return Estimate(0.0, 0.0, heaviest * (1 - 0.05 ** (1 / max(count, 1))))
    missing = float(np.sum(findings * sample['draws']) / count)
    # Findings of great weight are rare, and a sample without one underestimates its own variance:
    # count one more finding of average weight.
    average = np.average(sample['weight'], weights=sample['draws'])
    squares = np.sum(sample['draws'] * (findings - missing) ** 2) + (average - missing) ** 2
    deviation = np.sqrt(squares / (count - 1) / count)
    factor = float(np.exp(QUANTILE_95 * deviation / missing))
    return Estimate(missing, max(missing / factor, float(found.sum())), missing * factor)
