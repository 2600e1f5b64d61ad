"""Calls of a loss are observed in training, with what they were given."""

import torch
from torch import nn

from mmpretrain_mlml import BCE, SPLC, Hill
from mmpretrain_mlml.monitoring.loss_calls import observe_calls, outermost_losses

PRED, TARGET = torch.tensor([[2.0, -1.0]]), torch.tensor([[1.0, 0.0]])


def observed(loss, *args, **kwargs):
    calls = []
    handle = observe_calls(loss, lambda *call: calls.append(call))
    loss(*args, **kwargs)
    handle.remove()
    return calls


def test_logits_targets_and_context_are_passed_on():
    loss = SPLC()
    logits = PRED.clone().requires_grad_()
    for args, kwargs in (
        ((logits, TARGET), {'epoch': 2}),
        ((logits,), {'target': TARGET, 'epoch': 2, 'avg_factor': 1}),
        ((), {'pred': logits, 'target': TARGET, 'epoch': 2, 'reduction_override': 'sum'}),
    ):
        ((module, pred, target, context),) = observed(loss, *args, **kwargs)
        assert module is loss
        assert torch.equal(pred, PRED)
        assert torch.equal(target, TARGET)
        assert context == {'epoch': 2}
        assert not pred.requires_grad


def test_callback_computes_outside_the_gradient():
    enabled = []
    loss = BCE()
    observe_calls(loss, lambda *call: enabled.append(torch.is_grad_enabled()))
    loss(PRED, TARGET)
    assert enabled == [False]


def test_only_training_is_observed():
    assert observed(BCE().eval(), PRED, TARGET) == []


def test_removed_handle_ends_the_observation():
    loss, calls = BCE(), []
    observe_calls(loss, lambda *call: calls.append(call)).remove()
    loss(PRED, TARGET)
    assert calls == []


def test_outermost_losses_are_not_the_base_of_another_one():
    loss, other = SPLC(base=Hill()), Hill()
    model = nn.ModuleList([nn.Linear(1, 1), nn.Sequential(loss), other])
    assert outermost_losses(model) == [loss, other]
    assert outermost_losses(loss) == [loss]
    assert outermost_losses(nn.ModuleList([nn.Linear(1, 1), nn.BCEWithLogitsLoss()])) == []


def test_loss_from_outside_the_package_needs_the_methods_only():
    class Reporting(nn.Module):
        def unobserved(self, target):
            return target == 0

        def recovered(self, pred, target, **context):
            return None

    loss = Reporting()
    assert outermost_losses(nn.Sequential(loss)) == [loss]
