from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import all_gather_object, get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import Tensor

from ...printable import first_few
from ...runtime.agreement import on_any_process

SHOWN = 8  # names and paths in a message
MIN_SCALE = 2.0**-16  # torch's initial loss scale, halved by 32 skipped updates


class NonFiniteError(RuntimeError):
    """A loss, gradient or weight is NaN or infinite.

    The message names the iteration, the images and the last good checkpoint.
    """


@HOOKS.register_module()
class NonFiniteHook(Hook):
    """Stops training, in all processes, at the first loss or weight that is NaN or infinite.

    After each iteration the hook checks the losses, the weights, and gradients that are being
    accumulated. Other non-finite gradients show in the weights at once, unless mixed precision skips
    the update. A few skipped updates are normal; if about 32 in a row are skipped, training stops too.
    Before a checkpoint is written all its tensors are checked, so that no NaN reaches the disk.

    Raises:
        NonFiniteError: If a number is not finite. The message names the iteration, the losses, weights
            or gradients, the images of the batch in the processes concerned, and the last checkpoint.
    """

    priority = 'LOW'  # after weights are averaged, before checkpoints are written

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        wrong = _wrong_losses(outputs or {}) + _wrong_scale(runner)
        numbers = dict(_weights_and_gradients(runner))
        if not _all_finite(list(numbers.values())):
            wrong += [name for name, held in numbers.items() if not torch.isfinite(held).all()]
        if not on_any_process(bool(wrong)):
            return
        spoiled = _not_finite_inputs(data_batch)
        images = first_few(_paths(data_batch, spoiled), SHOWN)
        inputs = 'with pixels that are not finite: ' if spoiled else ''
        mine = f'process {get_rank()}: {first_few(wrong, SHOWN)}; images {inputs}{images}'
        reports = [report for bad, report in all_gather_object((bool(wrong), mine)) if bad]
        raise NonFiniteError(
            f'iteration {runner.iter + 1} (epoch {runner.epoch + 1}) gave numbers that are not '
            f'finite: {"; ".join(reports)}. {_last_checkpoint(runner)}. A lower learning rate, '
            'gradient clipping (optim_wrapper.clip_grad) or bfloat16 instead of float16 may help'
        )

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        wrong = [
            name
            for name, tensor in _tensors(checkpoint)
            if tensor.is_floating_point() and not torch.isfinite(tensor).all()
        ]
        if wrong:
            raise NonFiniteError(
                f'no checkpoint is written after iteration {runner.iter + 1}, because these tensors '
                f'are not finite: {first_few(wrong, SHOWN)}. {_last_checkpoint(runner)}'
            )


def _last_checkpoint(runner: Runner) -> str:
    pointer = Path(runner.work_dir) / 'last_checkpoint'
    last = pointer.read_text().strip() if pointer.is_file() else 'none yet'
    return f'The last checkpoint with good numbers: {last}'


def _wrong_losses(outputs: Mapping[str, Any]) -> list[str]:
    return [
        f'{name} = {float(value.detach())}'
        for name, value in outputs.items()
        if isinstance(value, Tensor) and not torch.isfinite(value).all()
    ]


def _wrong_scale(runner: Runner) -> list[str]:
    """Report a loss scale so small that many updates were skipped, each of which halves it."""
    scaler = getattr(runner.optim_wrapper, 'loss_scaler', None)
    scale = MIN_SCALE if scaler is None else scaler.get_scale()
    return [] if scale >= MIN_SCALE else [f'gradients of many updates (loss scale {scale:.1g})']


def _weights_and_gradients(runner: Runner) -> Iterator[tuple[str, Tensor]]:
    """Yield weights, and gradients if they are being accumulated, by name."""
    scaled = hasattr(runner.optim_wrapper, 'loss_scaler')  # the scaler checks the gradients
    for name, p in runner.model.named_parameters():
        if p.is_floating_point() and p.numel():  # a shard can be empty
            yield f'weight {name}', p.detach()
            if p.grad is not None and not scaled:
                yield f'gradient of {name}', p.grad


def _all_finite(tensors: list[Tensor]) -> bool:
    norms = torch._foreach_norm(tensors, float('inf'))
    return bool(torch.isfinite(torch.stack([norm.float() for norm in norms])).all())


def _tensors(tree: Any, name: str = '') -> Iterator[tuple[str, Tensor]]:
    if isinstance(tree, Tensor):
        yield name, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _tensors(value, f'{name}.{key}' if name else str(key))
    elif isinstance(tree, (list, tuple)):
        for index, value in enumerate(tree):
            yield from _tensors(value, f'{name}[{index}]')


def _not_finite_inputs(data_batch: Any) -> list[int]:
    """Return the positions in a batch of the images whose pixels are not all finite."""
    inputs = data_batch.get('inputs', []) if isinstance(data_batch, Mapping) else []
    return [
        index
        for index, image in enumerate(inputs)
        if isinstance(image, Tensor) and not torch.isfinite(image).all()
    ]


def _paths(data_batch: Any, chosen: list[int]) -> list[str]:
    """Return the names of the chosen images of a batch, or of all if none is chosen."""
    samples = data_batch.get('data_samples', []) if isinstance(data_batch, Mapping) else []
    names = [str(s.get('img_path', s.get('sample_idx', '?'))) for s in samples]
    return [names[index] for index in chosen if index < len(names)] or names
