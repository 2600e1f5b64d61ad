from __future__ import annotations

import signal
import threading
import time
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
from ...runtime.agreement import Agreement
from ...runtime.data_workers import bind_workers
from ...runtime.process_state import (
    gather_states,
    restore_buffers,
    restore_hooks,
    restore_random_state,
)

_HANDLED = signal.SIGTERM, signal.SIGINT
_ONE_PRESS = 1.0  # seconds in which several SIGINT count as one: wrappers pass it on, too


@HOOKS.register_module()
class InterruptionHook(Hook):
    """Saves a checkpoint and exits on SIGTERM, as Slurm and Kubernetes send it, and on Ctrl-C.

    The current iteration is finished (under gradient accumulation, the current update), and all
    processes agree to stop after it. The first one writes ``interrupted.pth``, and all exit with code
    143 (SIGTERM) or 130 (SIGINT). ``--resume`` continues with the next batch; each process restores
    its own batch norm statistics and random number generators. Data workers keep loading meanwhile,
    although they receive the signals too (a SIGTERM on Linux only). If the signal comes at the end of
    an epoch, the validation is finished first, and the checkpoint of the epoch is already written.
    ``interrupted.pth`` is removed once a later checkpoint is complete.

    A second Ctrl-C stops at once, by KeyboardInterrupt, and leaves the last checkpoint; while
    ``interrupted.pth`` is being written no signal has an effect. A SIGINT that is ignored, as in a
    background job of a shell script, stays ignored.
    """

    priority = 'LOWEST'  # after the average, the schedules and the checkpoints of an iteration
    filename = 'interrupted.pth'

    _signal: int | None  # the first one
    _pressed: float | None  # when Ctrl-C was pressed first
    _saving: bool  # interrupted.pth is being written
    _told: bool  # that a validation is finished first

    def __init__(self) -> None:
        self._forget_signals()
        self._agreement: Agreement[bool] = Agreement()
        self._previous_handlers: dict[int, Any] = {}
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
        for loop in (runner._train_loop, runner._val_loop, runner._test_loop):
            if isinstance(loop, BaseLoop):  # otherwise a config, of a loop that does not run
                bind_workers(loop.dataloader)

    def before_train(self, runner: Runner) -> None:
        self._forget_signals()
        if self._interrupted is not None:
            self._resume_inside_epoch(runner, **self._interrupted)
            self._interrupted = None
        if threading.current_thread() is threading.main_thread():
            for number in _HANDLED:
                if signal.getsignal(number) is not signal.SIG_IGN:
                    self._previous_handlers[number] = signal.signal(number, self._on_signal)

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
        self._restore_handlers()

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        if self._signal is not None and not self._told:
            self._told = True
            runner.logger.warning(
                'asked to stop: finishing the validation first; Ctrl-C, once more, stops at once'
            )

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        done, in_epoch, length = runner.iter + 1, batch_idx + 1, len(runner.train_dataloader)
        if in_epoch == length or not runner.optim_wrapper.should_update():
            return
        if not self._agreement.ask(self._signal is not None, about=True):
            return
        runner.logger.warning(
            f'asked to stop: saving {self.filename} after iteration {done}, batch {in_epoch} of '
            f'{length} in epoch {runner.epoch + 1}; --resume continues with the next batch'
        )
        self._saving = True
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
        self._restore_handlers()
        raise SystemExit(128 + (self._signal or signal.SIGTERM))

    def after_train_epoch(self, runner: Runner) -> None:
        """Remove the file of an earlier interruption once there is a later checkpoint."""
        pointer = Path(runner.work_dir) / 'last_checkpoint'
        if is_main_process() and pointer.is_file():
            last = Path(pointer.read_text().strip())
            if last.name != self.filename and last.is_file():
                pointer.with_name(self.filename).unlink(missing_ok=True)

    def _on_signal(self, number: int, _: Any) -> None:
        """Note a signal; raise KeyboardInterrupt at a second Ctrl-C, unless a file is being saved."""
        now = time.monotonic()
        if number == signal.SIGINT:
            again = self._pressed is not None and now - self._pressed > _ONE_PRESS
            self._pressed = self._pressed or now
            if again and not self._saving:
                self._restore_handlers()
                raise KeyboardInterrupt
        self._signal = self._signal or number

    def _forget_signals(self) -> None:
        self._signal = self._pressed = None
        self._saving = self._told = False

    def _restore_handlers(self) -> None:
        while self._previous_handlers:
            signal.signal(*self._previous_handlers.popitem())
