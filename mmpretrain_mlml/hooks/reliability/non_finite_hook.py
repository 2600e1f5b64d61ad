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
from ...runtime.agreement import Agreement
from ...runtime.step_numbers import StepNumbers

SHOWN = 8  # names and paths in a message


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
    Weights that ``WeightAverageHook`` has read in the iteration are taken as it read them.
    Before a checkpoint is written all its tensors are checked, so that no NaN reaches the disk.

    On a GPU the result of an iteration is read after the next one, or at the end of the epoch, so that
    the device never waits for the CPU.

    Raises:
        NonFiniteError: If a number is not finite. The message names the iteration, the losses, weights
            or gradients, the images of the batch in the processes concerned, and the last checkpoint.
    """

    priority = 'LOW'  # after weights are averaged, before checkpoints are written

    def __init__(self) -> None:
        self._agreement: Agreement[StepNumbers] = Agreement()

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        step = StepNumbers.look(runner, data_batch, outputs or {})
        _raise_if_wrong(runner, self._agreement.ask(~step.good.all(), about=step))

    def after_train_epoch(self, runner: Runner) -> None:
        _raise_if_wrong(runner, self._agreement.answer())

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        wrong = [
            name
            for name, tensor in _tensors(checkpoint)
            if tensor.is_floating_point() and not torch.isfinite(tensor).all()
        ]
        if wrong:
            raise NonFiniteError(
                f'no checkpoint is written after iteration {checkpoint["meta"]["iter"]}, because '
                f'these tensors are not finite: {first_few(wrong, SHOWN)}. {_last_checkpoint(runner)}'
            )


def _raise_if_wrong(runner: Runner, step: StepNumbers | None) -> None:
    """Raise an error for a step in which a number seems not to be finite in some process."""
    if step is None:
        return
    wrong = step.wrong(runner)
    spoiled = _not_finite_inputs(step.batch)
    images = first_few(_paths(step.batch, spoiled), SHOWN)
    inputs = 'with pixels that are not finite: ' if spoiled else ''
    mine = f'process {get_rank()}: {first_few(wrong, SHOWN)}; images {inputs}{images}'
    reports = [report for bad, report in all_gather_object((bool(wrong), mine)) if bad]
    if not reports:
        return
    raise NonFiniteError(
        f'iteration {step.iteration} (epoch {step.epoch}) gave numbers that are not '
        f'finite: {"; ".join(reports)}. {_last_checkpoint(runner)}. A lower learning rate, '
        'gradient clipping (optim_wrapper.clip_grad) or bfloat16 instead of float16 may help'
    )


def _last_checkpoint(runner: Runner) -> str:
    pointer = Path(runner.work_dir) / 'last_checkpoint'
    last = pointer.read_text().strip() if pointer.is_file() else 'none yet'
    return f'The last checkpoint with good numbers: {last}'


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
