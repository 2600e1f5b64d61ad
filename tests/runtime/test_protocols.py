"""Hooks and data sets of the package follow the protocols that they are recognised by."""

from mmengine.hooks import EMAHook, Hook

from mmpretrain_mlml import DigitScenes, LabelRecoveryHook, LossEpochHook
from mmpretrain_mlml.runtime.protocols import AveragesWeights, HasProcessState, SeedsSamples


def test_hook_with_process_state():
    assert isinstance(LabelRecoveryHook(), HasProcessState)
    assert not isinstance(LossEpochHook(), HasProcessState)


def test_hook_that_averages_weights():
    hook = EMAHook()
    assert not isinstance(hook, AveragesWeights)  # not yet
    hook.ema_model = None
    assert isinstance(hook, AveragesWeights)
    assert not isinstance(Hook(), AveragesWeights)


def test_data_set_that_seeds_samples():
    assert isinstance(DigitScenes(size=1), SeedsSamples)
    assert not isinstance([], SeedsSamples)
