"""Which numbers of a training step are finite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import Tensor

from .protocols import SumsSquares

MIN_SCALE = 2.0**-16  # torch's initial loss scale, halved by 32 skipped updates
SCALE = 'gradients of many updates (the loss scale has become tiny)'


@dataclass
class StepNumbers:
    """What is known of a training step when it was queued on the device.

    Attributes:
        iteration: 1-based iteration.
        epoch: 1-based epoch.
        batch: The batch, for the names of its images.
        names: What each entry of ``good`` is about.
        good: Whether numbers are finite, (n,), bool, on the device. May be false for large weights on
            a CPU; :meth:`wrong` looks again.
        losses: Losses by name.
    """

    iteration: int
    epoch: int
    batch: Any
    names: list[str]
    good: Tensor
    losses: dict[str, Tensor]

    @classmethod
    def look(cls, runner: Runner, batch: Any, outputs: Mapping[str, Any]) -> StepNumbers:
        """Look at what a step left, without waiting for the device.

        Args:
            runner: The runner, after the step.
            batch: The batch.
            outputs: Losses by name.
        """
        losses = {
            name: value.detach() for name, value in outputs.items() if isinstance(value, Tensor)
        }
        numbers = dict(_weights_and_gradients(runner))
        good = torch.isfinite(_magnitudes(runner, numbers))
        parts = [torch.isfinite(loss).all().to(good.device).reshape(1) for loss in losses.values()]
        scale = _scale(runner)
        parts += [] if scale is None else [(scale >= MIN_SCALE).to(good.device).reshape(1)]
        names = [*numbers, *losses, *([] if scale is None else [SCALE])]
        good = torch.cat([good, *parts])
        return cls(runner.iter + 1, runner.epoch + 1, batch, names, good, losses)

    def wrong(self, runner: Runner) -> list[str]:
        """Return what is wrong, losses first."""
        numbers = dict(_weights_and_gradients(runner))
        found: list[str] = []
        for name, good in zip(self.names, self.good.tolist(), strict=True):
            if good:
                continue
            if name in self.losses:
                found.insert(0, f'{name} = {float(self.losses[name])}')
            elif name == SCALE or name not in numbers or not torch.isfinite(numbers[name]).all():
                found.append(name)
        return found


def _magnitudes(runner: Runner, numbers: Mapping[str, Tensor]) -> Tensor:
    """Return a number for each tensor, (n,), that is finite only if all of the tensor are."""
    sums = _sums_of_squares(runner)
    known = {
        name: sums[name]
        for name, number in numbers.items()
        if name in sums and sums[name].device == number.device
    }
    rest = [number for name, number in numbers.items() if name not in known]
    # The maximum is exact, but takes nine times as long as the root of the squares on a CPU.
    norms = iter(torch._foreach_norm(rest, float('inf') if rest[0].is_cuda else 2) if rest else ())
    found = [known[name] if name in known else next(norms) for name in numbers]
    return torch.stack([number.float() for number in found])


def _sums_of_squares(runner: Runner) -> dict[str, Tensor]:
    """Return what hooks that read the weights after this step summed, by name."""
    prefix = 'weight module.' if is_model_wrapper(runner.model) else 'weight '
    return {
        f'{prefix}{name}': squares
        for hook in runner.hooks
        if isinstance(hook, SumsSquares)
        for name, squares in hook.squares_after(runner.iter).items()
    }


def _scale(runner: Runner) -> Tensor | None:
    """Return the loss scale. Skipped updates halve it; it is wrong once it is tiny."""
    scaler = getattr(runner.optim_wrapper, 'loss_scaler', None)
    if scaler is None:
        return None
    scale = scaler._get_scale_async()  # get_scale() waits for the device
    return scale if isinstance(scale, Tensor) else None


def _weights_and_gradients(runner: Runner) -> Iterator[tuple[str, Tensor]]:
    """Yield weights, and gradients if they are being accumulated, by name."""
    scaled = hasattr(runner.optim_wrapper, 'loss_scaler')  # the scaler checks the gradients
    for name, p in runner.model.named_parameters():
        if p.is_floating_point() and p.numel():  # a shard can be empty
            yield f'weight {name}', p.detach()
            if p.grad is not None and not scaled:
                yield f'gradient of {name}', p.grad
