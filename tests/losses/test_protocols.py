"""The protocols by which hooks recognise losses."""

import torch
from helpers.losses import batch, ready
from torch import nn

from mmpretrain_mlml import APL, BCE, FAMILY, PASL, ROLE, SPLC, Hill, LLCp
from mmpretrain_mlml.losses.protocols import (
    HasMemory,
    NeedsClassPrior,
    NeedsEpoch,
    NeedsSamples,
    ReportsRecovery,
    Saturates,
    memory_of,
    saturation_of,
    set_epoch,
)


def follow(protocol):
    return {cls for cls in FAMILY if isinstance(ready(cls), protocol)}


def test_which_losses_follow_which_protocol():
    assert follow(NeedsSamples) == {LLCp, APL, ROLE}
    assert follow(HasMemory) == {LLCp, APL}
    assert follow(NeedsClassPrior) == {PASL}
    assert follow(ReportsRecovery) == follow(Saturates) == set(FAMILY)
    assert isinstance(SPLC(), NeedsEpoch)
    assert not isinstance(BCE(), NeedsEpoch)


def test_set_epoch_passes_the_length_only_where_it_is_taken():
    class Counts(nn.Module):
        def set_epoch(self, epoch):
            self.epoch = epoch

    module, loss = Counts(), SPLC(change_epoch=2)
    set_epoch(module, 3, 10)
    assert module.epoch == 3
    set_epoch(nn.Linear(1, 1), 3, 10)  # does not need it
    for epoch in (1, 2):
        set_epoch(torch.compile(loss), epoch, 10)
        assert loss.correcting is (epoch == 2)


def test_a_module_without_inheritance_can_take_part():
    class Mine(nn.Module):
        saturation = 0.8

        def unobserved(self, target):
            return target == 0

        def recovered(self, pred, target, **context):
            return None

    assert isinstance(Mine(), ReportsRecovery)
    assert saturation_of(Mine()) == 0.8
    assert saturation_of(nn.Linear(1, 1)) is saturation_of(BCE()) is None
    assert saturation_of(Hill()) == Hill().saturation


def test_a_memory_of_samples_is_told_from_other_attributes():
    class Other(nn.Module):
        memory = 'of something else'

    loss = ready(LLCp)
    loss(*batch())
    assert memory_of(loss) is loss.memory
    assert memory_of(Other()) is memory_of(nn.Linear(1, 1)) is None
