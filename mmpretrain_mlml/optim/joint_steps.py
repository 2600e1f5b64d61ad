from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer

# Of each parameter these compute the step by itself, and they write nothing into its group.
_BY_PARAMETER = (SGD, Adam, AdamW)


def step_jointly(optimizer: Optimizer) -> None:
    """Let an optimiser step at once for all parameters whose options are equal.

    MMEngine makes a group of each parameter if ``paramwise_cfg`` is given, and torch steps group by
    group: on a GPU with several kernels for each, on a CPU with the calls around them. While a step is
    taken, parameters of equal options are in one group. Before and after it groups are as they were:
    schedules, the log and checkpoints see no difference. Weights are the same to the last bit.

    Args:
        optimizer: Optimiser; nothing happens to one other than ``SGD``, ``Adam`` and ``AdamW``.
    """
    if type(optimizer) in _BY_PARAMETER:
        joint = _JointStep()
        optimizer.register_step_pre_hook(joint.begin)
        optimizer.register_step_post_hook(joint.end)


class _JointStep:
    """Joins the groups of an optimiser when a step begins, and separates them when it ends.

    A step that ``torch.compile`` traces keeps its groups: there they cannot be replaced.
    """

    def __init__(self) -> None:
        self.groups: list[dict[str, Any]] = []
        self.joined: list[dict[str, Any]] = []

    def begin(self, optimizer: Optimizer, *_: Any) -> None:
        if torch.compiler.is_compiling():
            return
        if (
            optimizer.param_groups is not self.joined
        ):  # else the last step was cut short by an error
            self.groups = optimizer.param_groups
        self.joined = optimizer.param_groups = joined(self.groups)

    def end(self, optimizer: Optimizer, *_: Any) -> None:
        if not torch.compiler.is_compiling():
            optimizer.param_groups = self.groups


def joined(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return groups in which all parameters of equal options are together.

    Args:
        groups: As in ``param_groups``. They are returned themselves if options are not comparable.
    """
    names = [name for name in groups[0] if name != 'params']
    by_options: dict[tuple, dict[str, Any]] = {}
    for group in groups:
        options = tuple(map(group.get, names))
        if len(group) != len(names) + 1 or any(isinstance(value, Tensor) for value in options):
            return groups
        if options not in by_options:
            by_options[options] = {**group, 'params': []}
        by_options[options]['params'].extend(group['params'])
    return list(by_options.values())
