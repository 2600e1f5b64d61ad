"""Parts of one-pass gradients: the focal term with its slope, by autograd."""

import pytest
import torch

from mmpretrain_mlml.losses import slopes
from mmpretrain_mlml.losses.slopes import few_focal_slopes, focal_slope, positives, scale_
from mmpretrain_mlml.losses.terms import focal


@pytest.mark.parametrize('inspect_values', [True, False])
@pytest.mark.parametrize('factor', [None, [3.0, 0.5], [0.1, 0.2, 0.3, 0.4]])
def test_the_focal_term_and_its_slope(inspect_values, factor):
    wrong = torch.tensor([-3.0, -0.2, 0.7, 5.0], dtype=torch.float64, requires_grad=True)
    factor = None if factor is None else torch.tensor(factor, dtype=torch.float64)
    each = 1 if factor is None else factor.repeat(4 // len(factor))
    expected = each * focal(-wrong, 1.5)
    (slope,) = torch.autograd.grad(expected.sum(), wrong)
    cost, weight, derivative = focal_slope(wrong.detach().clone(), 1.5, inspect_values, factor)
    torch.testing.assert_close(cost * weight, expected.detach(), rtol=1e-12, atol=0)
    torch.testing.assert_close(derivative, slope, rtol=1e-12, atol=0)


def test_a_few_entries_cost_the_same():
    wrong = torch.tensor([-90.0, -3.0, 0.7, 90.0])
    factor = torch.tensor([3.0, 0.5, 1.0, 2.0])
    for gamma in (0.0, 0.5, 2.0):
        for each in (None, factor):
            cost, weight, slope = focal_slope(wrong.clone(), gamma, True, each)
            total, few = few_focal_slopes(wrong, gamma, None if each is None else each.numpy())
            assert total == pytest.approx(torch.dot(cost, weight).item(), rel=1e-6)
            torch.testing.assert_close(torch.from_numpy(few), slope, rtol=2e-6, atol=0)


@pytest.mark.parametrize('vectorised', [True, False])
def test_either_logarithm_gives_the_term(vectorised, monkeypatch):
    monkeypatch.setattr(slopes, '_NUMPY_VECTORISES', vectorised)
    wrong = torch.linspace(-104, 104, 105)
    cost, _, _ = focal_slope(wrong.clone(), 2.0, True)
    expected = -torch.nn.functional.logsigmoid(-wrong.double())
    torch.testing.assert_close(cost.double(), expected, rtol=1e-6, atol=1e-38)


def test_positives_are_found_among_hard_targets_only():
    assert positives(torch.tensor([0.0, 1, 0])).tolist() == [False, True, False]
    assert positives(torch.zeros(3)).tolist() == [False] * 3
    for other in (-1.0, 0.5):
        assert positives(torch.tensor([0.0, 1, other])) is None
    with pytest.raises(ValueError, match='expected targets'):
        positives(torch.tensor([0.0, 1, 2]))


def test_scale_repeats_a_factor_by_class():
    assert scale_(torch.ones(6), torch.tensor([1.0, 2, 3])).tolist() == [1, 2, 3, 1, 2, 3]
    assert scale_(torch.ones(2), None).tolist() == [1, 1]
    assert scale_(torch.empty(0), torch.empty(0)).tolist() == []
