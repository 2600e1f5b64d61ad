from __future__ import annotations

import signal
import threading
from functools import partial
from pathlib import Path
from typing import Any

from mmengine.dist import barrier, get_rank, get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner
from mmpretrain.registry import HOOKS

from ...files import atomic_write
from ...repairs.atomic_backend import ATOMIC
from ...repairs.resume import skip_batches
from ...runtime.agreement import on_any_process
from ...runtime.data_workers import keep_workers_on_sigterm
from ...runtime.process_state import (
    gather_states,
    restore_buffers,
    restore_hooks,
    restore_random_state,
)

EXIT_CODE = 128 + signal.SIGTERM


@HOOKS.register_module()
class InterruptionHook(Hook):
    """Saves a checkpoint and exits on SIGTERM, which Slurm and Kubernetes send before they kill.

    The current iteration is finished (under gradient accumulation, the current update), and all
    processes agree to stop after it. The first one writes ``interrupted.pth``, and all exit with code
    143. ``--resume`` continues with the next batch; each process restores its own batch norm
    statistics and random number generators. Data workers keep loading meanwhile although they receive
    the signal too (on Linux). If the signal comes at the end of an epoch, the validation is finished
    first, and the checkpoint of the epoch is already written. ``interrupted.pth`` is removed once a
    later checkpoint is complete.
    """

    priority = 'LOWEST'  # after the average, the schedules and the checkpoints of an iteration
    filename = 'interrupted.pth'

    def __init__(self) -> None:
        self._stop_requested = False
        self._previous_handler: Any = None
        self._interrupted: dict[str, int] | None = None  # where the checkpoint was written
        self._states: list[dict[str, Any]] | None = None  # by rank, to be written or restored

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if runner._resume:
            self._interrupted = checkpoint.get('meta', {}).get('interrupted')
            self._states = checkpoint.get('processes')

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if self._states is not None:
            checkpoint['processes'] = self._states

    def before_run(self, runner: Runner) -> None:
        for loop in (runner._train_loop, runner._val_loop):
            if isinstance(loop, BaseLoop):  # otherwise a config, of a loop that does not run
                keep_workers_on_sigterm(loop.dataloader)

    def before_train(self, runner: Runner) -> None:
        self._stop_requested = False
        if self._interrupted is not None:
            self._resume_inside_epoch(runner, **self._interrupted)
            self._interrupted = None
        if threading.current_thread() is threading.main_thread():
            self._previous_handler = signal.signal(signal.SIGTERM, self._on_signal)

    def _resume_inside_epoch(self, runner: Runner, done: int, length: int) -> None:
        states = self._states or []
        if (length, len(states)) != (len(runner.train_dataloader), get_world_size()):
            raise ValueError(
                f'{self.filename} was saved after batch {done} of {length} in its epoch, on '
                f'{len(states)} processes, but an epoch now has {len(runner.train_dataloader)}, on '
                f'{get_world_size()}: resume with the same batch size and number of processes, or '
                'from an epoch_*.pth'
            )
        state = states[get_rank()]
        restore_buffers(runner, state)
        restore_hooks(runner, state)
        skip_batches(runner.train_loop, done, partial(restore_random_state, state))
        self._states = None

    def after_train(self, runner: Runner) -> None:
        self._restore_handler()

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        done, in_epoch, length = runner.iter + 1, batch_idx + 1, len(runner.train_dataloader)
        if in_epoch == length or not runner.optim_wrapper.should_update():
            return
        if not on_any_process(self._stop_requested):
            return
        runner.logger.warning(
            f'asked to stop: saving {self.filename} after iteration {done}, batch {in_epoch} of '
            f'{length} in epoch {runner.epoch + 1}; --resume continues with the next batch'
        )
        self._states = gather_states(runner)
        runner.save_checkpoint(
            runner.work_dir,
            self.filename,
            meta={
                'epoch': runner.epoch,
                'iter': done,
                'interrupted': {'done': in_epoch, 'length': length},
            },
            by_epoch=False,
            backend_args={'backend': ATOMIC},
        )
        if is_main_process():
            pointer = Path(runner.work_dir) / 'last_checkpoint'
            with atomic_write(pointer, 'w') as file:
                file.write(str(pointer.with_name(self.filename)))
        barrier()  # no process exits before the file is complete
        self._restore_handler()
        raise SystemExit(EXIT_CODE)

    def after_train_epoch(self, runner: Runner) -> None:
        """Remove the file of an earlier interruption once there is a later checkpoint."""
        pointer = Path(runner.work_dir) / 'last_checkpoint'
        if is_main_process() and pointer.is_file():
            last = Path(pointer.read_text().strip())
            if last.name != self.filename and last.is_file():
                pointer.with_name(self.filename).unlink(missing_ok=True)

    def _on_signal(self, *_: Any) -> None:
        self._stop_requested = True

    def _restore_handler(self) -> None:
        if self._previous_handler is not None:
            signal.signal(signal.SIGTERM, self._previous_handler)
            self._previous_handler = None
