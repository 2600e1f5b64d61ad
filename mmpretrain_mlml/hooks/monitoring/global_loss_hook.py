from __future__ import annotations

from typing import Any

from mmengine.dist import all_reduce_dict, get_world_size
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import Tensor

from ...optim import SummedGradients


@HOOKS.register_module()
class GlobalLossHook(Hook):
    """Logs the loss of the whole batch, instead of the loss of the first process's share of it.

    Losses are summed over processes if gradients are
    (:class:`~mmpretrain_mlml.SummedGradientsConstructor`), and averaged otherwise.
    """

    priority = 'HIGHEST'  # before RuntimeInfoHook passes the outputs to the log

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: dict[str, Any] | None = None,
    ) -> None:
        if outputs and get_world_size() > 1:
            summed = isinstance(runner.optim_wrapper, SummedGradients)
            losses = {
                key: value.detach().clone()
                for key, value in outputs.items()
                if isinstance(value, Tensor)
            }
            all_reduce_dict(losses, op='sum' if summed else 'mean')
            outputs.update(losses)
