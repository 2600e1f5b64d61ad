from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.hooks import Hook
from mmengine.optim import BaseOptimWrapper
from mmengine.runner import BaseLoop, Runner
from mmpretrain.registry import HOOKS

from ...datasets.digest import describe_data
from ...losses.protocols import NeedsSamples
from ...runtime.loaded_weights import WAY_OUT, require_all_weights
from ...runtime.models import all_modules
from ...runtime.resumed_position import convert_position, convert_schedules
from ...runtime.run_identity import (
    Identity,
    OtherRunError,
    describe_run,
    differences,
    fixed_differences,
    lengths,
    read_lengths,
    wrappers,
)
from ...runtime.unwrap import unwrap_model

KEY = 'run'  # in the meta of a checkpoint


@HOOKS.register_module()
class RunIdentityHook(Hook):
    """Recognises whether a run that resumes is the one that wrote the checkpoint.

    Checkpoints hold the identity of their run, under ``meta['run']``: digests of the data, the loss,
    the network, the optimiser, the schedules, and the lengths on which an epoch depends. A run that
    resumes compares it with its own.

    - **Batch size, number of images or of processes** may differ. Iterations are counted, and
      schedules placed, as if the run had always had the numbers of now. Inside an epoch
      (``interrupted.pth``) the run continues after the images that were seen. Where that is not exact,
      resuming is refused.
    - **Another loss, label list, schedule or other setting** is a warning that names both sides. A
      schedule follows the config of now; the hyper-parameters of the optimiser that no schedule sets
      stay those of the checkpoint.
    - **Another type of optimiser, number of classes or network** cannot be continued and is refused,
      as is a checkpoint that leaves a part of the network at its initial values.

    A checkpoint without identity, of an earlier version or of other hooks, resumes as in MMEngine; the
    log says so. Its weights are checked all the same.

    Args:
        accept_changes: Whether the differences of a resumed run are meant. They are then logged, not
            warned of. The option ``--accept-changes`` of ``tools/train.py`` sets it.

    Raises:
        OtherRunError: Before the first step, if training cannot resume from the checkpoint. The
            message names both sides and says what to do.
    """

    priority = 'VERY_HIGH'  # other hooks read what this one converts

    def __init__(self, accept_changes: bool = False) -> None:
        self.accept_changes = accept_changes
        self._described: Identity | None = None

    def _identity(self, runner: Runner) -> Identity:
        if self._described is None:
            loop = runner._val_loop
            validates = isinstance(loop, BaseLoop)  # otherwise None, or a config that is not used
            validation = describe_data(loop.dataloader.dataset) if validates else {}
            data = describe_data(runner.train_dataloader.dataset)
            self._described = describe_run(runner, data, validation)
        return self._described

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if isinstance(runner._train_loop, BaseLoop):
            checkpoint.setdefault('meta', {})[KEY] = self._identity(runner)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if not runner._resume or not isinstance(runner._train_loop, BaseLoop):
            return
        meta = checkpoint.get('meta')
        if not isinstance(meta, Mapping) or not {'epoch', 'iter'} <= meta.keys():
            return  # no training state: MMEngine refuses it
        if not isinstance(runner.optim_wrapper, BaseOptimWrapper):
            return
        before = meta.get(KEY)
        before = before if isinstance(before, Mapping) else {}
        found = read_lengths(before)
        if found is None:
            runner.logger.info(
                'the checkpoint does not say which run it belongs to (it was written by an earlier '
                'version, or without RunIdentityHook): settings and lengths are not compared'
            )
        else:
            self._require_continuable(runner, checkpoint, before)
        require_all_weights(unwrap_model(runner.model), checkpoint.get('state_dict', {}))
        if found is None:
            return
        changes = differences(before, self._identity(runner))
        now = lengths(runner)
        convert_position(runner, checkpoint, found, now)
        meant = any(change.startswith(('schedule', 'optimiser')) for change in changes)
        replayed = convert_schedules(runner, checkpoint, found, now, meant)
        if found != now:
            runner.logger.info(
                f'resumed with {now}; the checkpoint was written with {found}. Training continues at '
                f'iteration {meta["iter"]}'
                + (', and the schedule where a run of these numbers would have it' * replayed)
            )
        self._report(runner, changes)

    def _require_continuable(self, runner: Runner, checkpoint: dict, before: Mapping) -> None:
        fixed = fixed_differences(before, self._identity(runner))
        fixed += _other_parameters(runner, checkpoint) if not fixed else []
        if fixed:
            raise OtherRunError(f'cannot resume: {"; ".join(fixed)}. {WAY_OUT}')
        names = [
            part.get('image_names')
            for part in (before.get('data', {}), self._identity(runner)['data'])
        ]
        keeps = [m for m in all_modules(runner) if isinstance(m, NeedsSamples)]
        if keeps and names[0] != names[1]:
            raise OtherRunError(
                f'cannot resume: {type(keeps[0]).__name__} keeps a row for each training image, and '
                f'the images are others than in the checkpoint. {WAY_OUT}'
            )

    def _report(self, runner: Runner, changes: list[str]) -> None:
        if not changes:
            return
        told = f'this run differs from the one that wrote the checkpoint: {". ".join(changes)}'
        if self.accept_changes:
            runner.logger.info(f'{told} (accepted)')
        else:
            runner.logger.warning(f'{told}. If that is meant, --accept-changes says so')


def _other_parameters(runner: Runner, checkpoint: dict) -> list[str]:
    """Return how the parameters of the optimisers differ in number from those in a checkpoint."""
    found = []
    for name, wrapper in wrappers(runner).items():
        state: Any = checkpoint.get('optimizer') or {}
        state = state.get(name, {}) if name else state
        counts = [
            [len(group['params']) for group in groups]
            for groups in (state.get('param_groups', []), wrapper.optimizer.param_groups)
        ]
        if counts[0] and counts[0] != counts[1]:
            shown = [f'{sum(c)} parameters in {len(c)} groups' for c in counts]
            found.append(f'{name or "optimiser"} with {shown[0]} before, {shown[1]} now')
    return found
