from __future__ import annotations

from typing import Any

from mmengine.dist import all_reduce_params
from mmengine.hooks import EMAHook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import Tensor

from ...optim.weight_average import ForeachAverage


@HOOKS.register_module()
class WeightAverageHook(EMAHook):
    """MMEngine's ``EMAHook`` that averages weights as the released trainer does.

    - The average starts from the initial weights (in MMEngine from those after the first iteration).
    - It is updated once per optimiser update, not per iteration, so accumulating gradients does not
      lengthen its memory.
    - It is computed for all tensors at once, with the values of ``ExponentialMovingAverage``.
    - It covers buffers too. Processes average them at the end of an epoch, so that every process
      validates, and the first one saves, the same model.

    With :class:`~mmpretrain_mlml.RawAndAveragedValLoop` both the raw and the averaged model are
    validated.

    Args:
        momentum: Weight of the newest model, in (0, 1): 1 minus the decay, 3e-4 for 0.9997.
        **kwargs: Other arguments of MMEngine's ``EMAHook``.

    Source: the EMA of the trainer released with arXiv 2112.07368.
    """

    def __init__(self, momentum: float = 3e-4, **kwargs: Any) -> None:
        own = {'ema_type': ForeachAverage, 'update_buffers': True}
        super().__init__(momentum=momentum, **{**own, **kwargs})
        self._updated_at = -1

    def before_train(self, runner: Runner) -> None:
        super().before_train(runner)
        if self.ema_model.steps == 0:  # weights were initialised or loaded after before_run
            self.ema_model.module.load_state_dict(self.src_model.state_dict())
            self.ema_model.steps += 1

    def after_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        if runner.optim_wrapper.should_update():  # true where this iteration updated the weights
            super().after_train_iter(runner, *args, **kwargs)
            self._updated_at = runner.iter

    def squares_after(self, iteration: int) -> dict[str, Tensor]:
        """Return what the average has summed on its way; see ``runtime.protocols.SumsSquares``."""
        average = self.ema_model
        if iteration != self._updated_at or not isinstance(average, ForeachAverage):
            return {}
        return average.squares

    def after_train_epoch(self, runner: Runner) -> None:
        all_reduce_params(self.ema_model.module.buffers(), op='mean')
