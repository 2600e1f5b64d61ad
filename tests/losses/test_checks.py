"""Checks of state that is set from outside, for every loss that has some."""

import pytest
from helpers.losses import batch, ready

from mmpretrain_mlml import APL, FAMILY, GR, LLR, RLC, SPLC, LLCp, LLCt
from mmpretrain_mlml.losses.checks import check_epoch, require_state
from mmpretrain_mlml.losses.protocols import NeedsEpoch, NeedsSamples

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
