"""Checks of what losses are given: targets, and state that is set from outside."""

from functools import partial

import pytest
import torch
from helpers.losses import batch, ready

from mmpretrain_mlml import APL, FAMILY, GR, LLR, RLC, SPLC, Hill, LLCp, LLCt
from mmpretrain_mlml.losses.checks import check_epoch, check_targets, require_state
from mmpretrain_mlml.losses.functional import (
    asl_loss,
    correct_labels,
    focal_margin_loss,
    hill_loss,
    splc_loss,
)
from mmpretrain_mlml.losses.one_pass import BLOCK
from mmpretrain_mlml.losses.protocols import NeedsEpoch, NeedsSamples

FUNCTIONS = [
    hill_loss,
    focal_margin_loss,
    asl_loss,
    partial(splc_loss, correct=True),
    correct_labels,
]
WITH_EPOCH = [cls for cls in FAMILY if isinstance(ready(cls), NeedsEpoch)]


def test_these_losses_need_the_epoch():
    assert set(WITH_EPOCH) == {SPLC, RLC, GR, LLR, LLCt, LLCp, APL}


@pytest.mark.parametrize('cls', WITH_EPOCH)
def test_a_missing_epoch_raises_and_names_the_hook(cls):
    loss = cls()
    if isinstance(loss, NeedsSamples):
        loss.set_samples(list(range(9)), 9)
    with pytest.raises(RuntimeError, match=rf'{cls.__name__} is missing the epoch.*LossEpochHook'):
        loss(*batch())


@pytest.mark.parametrize('cls', WITH_EPOCH)
@pytest.mark.parametrize('epoch', [-1, 1.5])
def test_values_that_are_no_epoch_are_refused(cls, epoch):
    with pytest.raises(ValueError, match='epoch'):
        cls().set_epoch(epoch, 10)


def test_an_epoch_is_an_integer_below_the_number_of_epochs():
    assert check_epoch('epoch', 9, 10) == 9
    for epoch in (True, -1, 0.0, None):
        with pytest.raises(ValueError, match='expected epoch to be an integer >= 0, got'):
            check_epoch('epoch', epoch)
    with pytest.raises(ValueError, match='expected epoch below max_epochs=10, got 10'):
        check_epoch('epoch', 10, 10)


@pytest.mark.parametrize(
    ('state', 'hook', 'method'),
    [
        ('epoch', "loss_epoch=dict.*LossEpochHook'", r'set_epoch\(epoch, max_epochs\)'),
        ('samples', "loss_data=dict.*LossDataHook'", r'set_samples\(indices, total\)'),
        ('class prior', "loss_data=dict.*LossDataHook'", r'set_class_prior\(prior\)'),
    ],
)
def test_missing_state_names_the_hook_and_the_method(state, hook, method):
    assert require_state('Mine', state, 0) == 0
    with pytest.raises(
        RuntimeError, match=f'Mine is missing the {state}: .*{hook}.* call {method}'
    ):
        require_state('Mine', state, None)


@pytest.mark.parametrize('value', ['0.6', None, [0.6], b'1'])
def test_a_hyper_parameter_that_is_no_number_is_named(value):
    with pytest.raises(ValueError, match=r'^expected tau to be a number in \[0, 1\], got '):
        SPLC(tau=value)


@pytest.mark.parametrize('function', FUNCTIONS)
def test_functions_refuse_targets_without_meaning(function):
    for dtype in (torch.int64, torch.float16):
        with pytest.raises(ValueError, match=r'got 2 in 1 of 2 entries'):
            function(torch.zeros(1, 2), torch.tensor([[2, 1]], dtype=dtype))


@pytest.mark.parametrize(
    'values', [[0, 1], [-1, 0, 1], [0.0, 0.3, 1], [-1, 0.3], [True, False], []]
)
def test_targets_with_a_meaning(values):
    check_targets(torch.tensor(values))


def test_the_one_pass_checks_every_block():
    x, y = torch.zeros(3, BLOCK), torch.zeros(3, BLOCK)
    y[2, 5] = 2
    with pytest.raises(ValueError, match='expected targets'):
        Hill()(x, y)


def test_targets_that_cannot_be_read_are_left_alone():
    """Under vmap there is no value to read; on a GPU reading would make the step wait."""
    x, y = torch.randn(3, 4, 5), (torch.rand(3, 4, 5) < 0.3).float()
    by_part = torch.vmap(Hill(reduction='none'))(x, y)
    torch.testing.assert_close(by_part.flatten(0, 1), Hill(reduction='none')(*map(_rows, (x, y))))
    check_targets(torch.full((2,), 2.0, device='meta'))


def _rows(tensor):
    return tensor.flatten(0, 1)
