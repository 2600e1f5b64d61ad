"""The model of a runner and the averages of its weights."""

from types import SimpleNamespace

from mmengine.hooks import EMAHook, Hook
from mmengine.model import ExponentialMovingAverage
from torch import nn

from mmpretrain_mlml.runtime.models import all_modules, averaged_models


def make_runner(*hooks):
    return SimpleNamespace(model=nn.Sequential(nn.Linear(1, 1)), hooks=list(hooks))


def test_model_without_an_average():
    runner = make_runner(Hook(), EMAHook())  # an EMAHook has no average before a run begins
    assert averaged_models(runner) == []
    assert list(all_modules(runner)) == [runner.model, runner.model[0]]


def test_average_of_a_hook_is_found():
    hook = EMAHook()
    runner = make_runner(Hook(), hook)
    hook.ema_model = ExponentialMovingAverage(runner.model)
    assert averaged_models(runner) == [hook.ema_model]
    copy = hook.ema_model.module
    assert list(all_modules(runner)) == [
        runner.model, runner.model[0], hook.ema_model, copy, copy[0],
    ]  # fmt: skip
