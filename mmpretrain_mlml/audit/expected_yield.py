"""How many proposals will be right: before anybody looks, and after the first decisions.

The probabilities come from a model that was trained on incomplete labels. If a share c of the true
labels was observed, whatever the image, an unobserved entry with probability p is present with
probability (1 - c) / c * p / (1 - p).

Source of the relation: Elkan and Noto, Learning classifiers from only positive and unlabeled data
(KDD 2008), section 2.
"""

from __future__ import annotations

import numpy as np

from .label_blocks import Labels, present_counts, scored_blocks

SMALLEST = 1e-7  # distance of a probability from 0 and 1
MILESTONES = (100, 300, 1000, 3000, 10_000, 30_000, 100_000)
SHRINKAGE = 10.0  # decisions that the line through 0 with slope 1 is worth


def kept_share(probabilities: np.ndarray, labels: Labels, *, unobserved: int = -1) -> float:
    """Estimate which share of the true labels was observed, from the labels and a model alone.

    Among the entries that the model is surest of, nearly all are present, so the share of them that is
    observed is the share that was kept. A tenth as many entries as there are observed positives are
    looked at. The estimate is rough: it is too high where sure images kept more labels than others.

    Args:
        probabilities: Out-of-fold probability of presence, (N, C).
        labels: 1 for present, 0 for absent, -1 for unobserved, (N, C), or a table of them.
        unobserved: The value of unobserved entries, as for :func:`propose`.

    Returns:
        The share, in (0, 1].

    Raises:
        ValueError: If an argument is not as :func:`propose` expects, or no label is observed.
    """
    positives = int(present_counts(labels).sum())
    if not positives:
        raise ValueError('expected at least one observed positive, got labels without any')
    count = max(1, positives // 10)
    values, observed = np.zeros(0), np.zeros(0, bool)
    for block in scored_blocks(probabilities, labels, unobserved):
        candidates = (block.labels == 1) | (block.labels == unobserved)
        values = np.concatenate([values, block.probabilities[candidates]])
        observed = np.concatenate([observed, block.labels[candidates] == 1])
        surest = np.argpartition(-values, min(count, len(values)) - 1)[:count]
        values, observed = values[surest], observed[surest]
    return float(max(observed.mean(), 1 / (count + 1)))


def missing_probability(probabilities: np.ndarray, kept: float) -> np.ndarray:
    """Return the probability that unobserved entries are present, of the shape of ``probabilities``.

    Args:
        probabilities: Probability given by a model trained on incomplete labels, any shape.
        kept: Share of the true labels that was observed, in (0, 1].

    Raises:
        ValueError: If ``kept`` lies outside (0, 1].

    >>> missing_probability(np.array([0.1, 0.25, 0.9]), kept=0.5).round(3)
    array([0.111, 0.333, 1.   ])
    """
    if not 0 < kept <= 1:
        raise ValueError(f'expected a kept share in (0, 1], got {kept}')
    p = np.minimum(np.asarray(probabilities, np.float64), 1 - SMALLEST)
    posterior: np.ndarray = np.minimum((1 - kept) / kept * p / (1 - p), 1.0)
    return posterior


def calibrate(probabilities: np.ndarray, decided: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Correct probabilities by decisions that a person has made: logistic regression on their logit.

    A few decisions move the probabilities a little, many of them determine slope and offset.

    Args:
        probabilities: Probability that each proposal is right, (K,).
        decided: Indices of decided proposals, (D,).
        right: Whether each of them was right, (D,).

    Returns:
        Corrected probabilities, (K,).

    Raises:
        ValueError: If the shapes of ``decided`` and ``right`` differ.
    """
    decided, right = np.asarray(decided, np.int64), np.asarray(right, np.float64)
    if decided.shape != right.shape or decided.ndim != 1:
        raise ValueError(
            f'expected decided and right of one shape (D,), got {decided.shape} and {right.shape}'
        )
    p = np.clip(np.asarray(probabilities, np.float64), SMALLEST, 1 - SMALLEST)
    logits = np.log(p) - np.log1p(-p)
    design = np.stack([np.ones_like(logits), logits], 1)
    prior = np.array([0.0, 1.0])
    line = prior.copy()
    x = design[decided]
    for _ in range(50):  # Newton's method; the penalty makes the problem strictly convex
        fitted = 1 / (1 + np.exp(-x @ line))
        gradient = x.T @ (right - fitted) - SHRINKAGE / 4 * (line - prior)
        curvature = (x * (fitted * (1 - fitted))[:, None]).T @ x + SHRINKAGE / 4 * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        line = line + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-9:
            break
    corrected: np.ndarray = 1 / (1 + np.exp(-design @ line))
    return corrected


def milestones(count: int) -> list[int]:
    """Return round numbers of decisions up to ``count``, and ``count`` itself.

    >>> milestones(5000)
    [100, 300, 1000, 3000, 5000]
    """
    return [*(k for k in MILESTONES if k < count), count] if count else []
