"""Shared terms: values, gradients, and the comparison with a probability."""

import math

import pytest
import torch
from helpers.losses import batch

from mmpretrain_mlml.losses.asl import shifted_focal
from mmpretrain_mlml.losses.em import entropy
from mmpretrain_mlml.losses.gr import generalized_cross_entropy
from mmpretrain_mlml.losses.hill import hill
from mmpretrain_mlml.losses.terms import confident, focal, log_loss, logit, mix, power

TERMS = {
    'log loss': (log_loss, lambda p: -p.log()),
    'power': (lambda x: power(x, 1.7), lambda p: p**1.7),
    'focal': (lambda x: focal(x, 1.3), lambda p: -((1 - p) ** 1.3) * p.log()),
    'shifted': (
        lambda x: shifted_focal(x, 2.0, 0.05),
        lambda p: -((1 - p - 0.05).clamp(min=0) ** 2) * (p + 0.05).clamp(max=1).log(),
    ),
    'hill': (lambda x: hill(x, 1.2), lambda p: (1.2 - p) * p**2),
    'entropy': (entropy, lambda p: -p * p.log() - (1 - p) * (1 - p).log()),
    'generalized': (lambda x: generalized_cross_entropy(x, 0.4), lambda p: (1 - p**0.4) / 0.4),
}


@pytest.mark.parametrize('name', TERMS)
def test_terms_are_functions_of_the_probability(name):
    term, expected = TERMS[name]
    x, _ = batch()
    torch.testing.assert_close(term(x), expected(x.sigmoid()), rtol=1e-10, atol=1e-14)
    torch.autograd.gradcheck(term, x.requires_grad_())


def test_mix_interpolates_and_charges_unknown_entries_nothing():
    positive, negative = torch.full((1, 4), 8.0), torch.full((1, 4), 2.0)
    target = torch.tensor([[1.0, 0, -1, 0.25]])
    assert mix(positive, negative, target).tolist() == [[8, 2, 0, 3.5]]
    assert mix(positive, negative, target, torch.tensor(0.5)).tolist() == [[4, 2, 0, 2.5]]


def test_confident_is_strict_and_decided_in_float32():
    assert confident(torch.tensor([[-1e-6, 0.0, 1e-6]]), 0.5).tolist() == [[False, False, True]]
    x = torch.linspace(0.3, 0.5, 200).bfloat16()
    assert torch.equal(confident(x, 0.6), confident(x.float(), 0.6))
    assert not confident(torch.tensor([1e9]), 1.0).any()
    assert confident(torch.tensor([-1e9]), 0.0).all()


def test_logit_is_the_inverse_of_the_sigmoid():
    assert logit(0.6) == pytest.approx(math.log(1.5))
    assert logit(0.0) == -math.inf
    assert logit(1.0) == math.inf
