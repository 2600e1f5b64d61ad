"""Weights by class: checked, converted, and as the factors of one-pass gradients."""

import pytest
import torch

from mmpretrain_mlml.losses.class_weights import Factors, KeptFactors, as_weights, fit_weights

LOGITS = torch.zeros(2, 3)


def test_weights_are_one_number_or_a_row():
    assert as_weights('pos_weight', None) is None
    assert as_weights('pos_weight', 2).tolist() == [2]
    assert as_weights('pos_weight', [1, 2.5]).dtype == torch.float64
    for value in (-1, [1, float('nan')], [[1.0]], float('inf')):
        with pytest.raises(ValueError, match='expected pos_weight to be finite numbers >= 0, got'):
            as_weights('pos_weight', value)


def test_only_pos_weight_may_be_one_number_for_all_classes():
    one, two = torch.ones(1), torch.ones(2)
    assert fit_weights('pos_weight', None, LOGITS) is None
    assert fit_weights('pos_weight', one.double(), LOGITS.half()).dtype == torch.float32
    for name, weights in (('pos_weight', two), ('class_weight', two), ('class_weight', one)):
        with pytest.raises(ValueError, match=f'expected {name} of 3 classes, got {len(weights)}'):
            fit_weights(name, weights, LOGITS)


def test_factors_of_each_entry():
    up = torch.tensor([0.0, 1, 1, 1, 0, 0])
    both = Factors(torch.tensor([1.0, 2, 3]), torch.tensor([10.0, 20, 30]))
    assert both.between(up).tolist() == [1, 20, 30, 10, 2, 3]
    assert both.signed_(up.clone()).tolist() == [1, -20, -30, -10, 2, 3]
    positive = Factors(None, torch.tensor([10.0, 20, 30]))
    assert positive.between(up).tolist() == [1, 20, 30, 10, 1, 1]
    assert positive.signed_(up.clone()).tolist() == [1, -20, -30, -10, 1, 1]
    assert Factors().between(up) is None


def test_factors_are_kept_until_what_they_depend_on_changes():
    kept = KeptFactors()
    weight, positive = torch.tensor([1.0, 2, 3]), torch.tensor([2.0])
    first = kept.of(LOGITS, weight, positive)
    assert first.present.tolist() == [2, 4, 6]
    assert kept.of(LOGITS + 1, weight, positive) is first
    assert kept.of(LOGITS.double(), weight, positive).present.dtype == torch.float64
    assert kept.of(LOGITS, weight.mul_(2), positive).present.tolist() == [4, 8, 12]
    assert kept.of(LOGITS, None, positive).present.tolist() == [2, 2, 2]
    assert kept.of(LOGITS, positive.expand(3), None).absent.tolist() == [2, 2, 2]
    assert kept.of(LOGITS, None, None).present is None
    elsewhere = kept.of(LOGITS.to('meta'), weight, None)
    assert elsewhere.absent.is_meta
    assert kept.of(LOGITS.to('meta'), weight, None) is elsewhere
