"""P-ASL with CSL: three kinds of entries, and the selection among the unannotated."""

import math

import pytest
import torch
from helpers.losses import CLASSES, batch, entries, ready, slope

from mmpretrain_mlml import PASL


def test_absent_and_unannotated_entries_differ_and_likely_ones_are_left_out():
    x, y = batch(values=(-1.0, 0.0, 1.0))
    p = x.sigmoid()
    prior = [0.1] * CLASSES
    prior[2] = 0.6
    loss = ready(PASL, prior=prior, likelihood_topk=1, gamma_pos=0.5, gamma_neg=1, gamma_unknown=4)
    expected = torch.where(y == 1, -((1 - p) ** 0.5) * p.log(), -p * (1 - p).log())
    unannotated = -(p**4) * (1 - p).log()
    unannotated[:, 2] = 0
    candidates = sorted(x[y == -1].tolist())[-9:]  # one an image, over the batch
    unannotated[x >= candidates[0]] = 0
    expected = torch.where(y == -1, unannotated, expected)
    torch.testing.assert_close(entries(loss, x, y), expected, rtol=1e-12, atol=1e-14)


def test_without_selection_every_unannotated_entry_costs():
    x, y = batch(values=(-1.0, 0.0, 1.0))
    loss = ready(PASL, likelihood_topk=0, prior_threshold=None)
    assert (entries(loss, x, y)[y == -1] > 0).all()


def test_unknown_as_negative_keeps_the_exponent_of_unannotated_entries():
    x, y = batch(values=(-1.0, 0.0, 1.0))
    p = x.sigmoid()
    loss = ready(PASL, unknown='negative', gamma_neg=1, gamma_unknown=4)
    expected = -(p**4) * (1 - p).log()
    torch.testing.assert_close(
        entries(loss, x, y)[y == -1], expected[y == -1], rtol=1e-9, atol=1e-14
    )


def test_focal_weights_are_detached_unless_asked():
    x, y = torch.zeros(1, 1, dtype=torch.float64), -torch.ones(1, 1)
    kwargs = {'likelihood_topk': 0, 'prior_threshold': None}
    assert slope(PASL(**kwargs), x, y).item() == pytest.approx(1 / 32)
    expected = 1 / 32 + 4 * math.log(2) / 32  # the weight p^4 has a slope, too
    assert slope(PASL(detach=False, **kwargs), x, y).item() == pytest.approx(expected)


def test_the_prior_must_be_set_and_fit_the_classes():
    x, y = batch(values=(-1.0, 0.0, 1.0))
    with pytest.raises(ValueError, match='expected a prior of 7 classes, got 4'):
        ready(PASL, shape=(9, 4))(x, y)
    with pytest.raises(RuntimeError, match=r'class prior.*LossDataHook.*set_class_prior'):
        PASL()(x, y)
    assert entries(PASL(prior_threshold=None), x, y).isfinite().all()  # which needs none
