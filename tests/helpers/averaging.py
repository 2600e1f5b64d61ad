"""Settings and a hook for tests of averaged weights."""

from copy import deepcopy

from mmengine.hooks import Hook

from .runners import VALIDATION

AVERAGED = {
    'custom_hooks': [{'type': 'mmpretrain_mlml.WeightAverageHook', 'momentum': 0.25}],
    'model': {'head': {'loss': {'type': 'mmpretrain_mlml.BCE', '_delete_': True}}},
}
VALIDATED = {**VALIDATION, 'val_cfg': {'type': 'mmpretrain_mlml.RawAndAveragedValLoop'}}


class ReferenceAverage(Hook):
    """Averages the weights by the formula, and records raw weights and scores of each epoch."""

    priority = 'VERY_LOW'

    def __init__(self, momentum, every=1):
        self.momentum, self.every = momentum, every
        self.average, self.raw, self.metrics = None, [], []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if self.average is None:
            self.average = floats(runner.model)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if (batch_idx + 1) % self.every == 0:
            for key, value in floats(runner.model).items():
                self.average[key] += self.momentum * (value - self.average[key])

    def after_train_epoch(self, runner):
        self.raw.append(deepcopy(runner.model.state_dict()))

    def after_val_epoch(self, runner, metrics=None):
        self.metrics.append(dict(metrics))


def floats(model):
    """Return a copy of the floating point entries of a model's state, in float64."""
    state = deepcopy(model.state_dict())
    return {key: value.double() for key, value in state.items() if value.is_floating_point()}


def average_of(runner):
    """Return the averaged model of the only hook that keeps one."""
    (hook,) = (hook for hook in runner.hooks if hasattr(hook, 'ema_model'))
    return hook.ema_model
