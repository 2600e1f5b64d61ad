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

from ...repairs.atomic_backend import ATOMIC, AtomicLocalBackend
from ...repairs.resume import skip_batches
from ...runtime.agreement import on_any_process
from ...runtime.data_workers import outlive_signals
from ...runtime.process_state import gather_states, restore_buffers, restore_draws, restore_hooks

EXIT_CODE = 128 + signal.SIGTERM


@HOOKS.register_module()
class InterruptionHook(Hook):
    """On SIGTERM, as Slurm and Kubernetes send it, saves a checkpoint and leaves.

    The iteration at hand (under gradient accumulation, the update) is finished, all processes agree on
    it, the first one writes ``interrupted.pth``, and all end with exit code 143. ``--resume`` goes on
    with the next batch, each process with its own batch norm statistics and random draws. Workers that
    load data go on meanwhile, though the signal was sent to them, too (on Linux). A signal at the end
    of an epoch lets its validation end first; the epoch's own checkpoint is on the disk by then.
    ``interrupted.pth`` goes once a later checkpoint is complete.
    """

    priority = 'LOWEST'  # after the average, the schedules and the checkpoints of an iteration
    filename = 'interrupted.pth'

    def __init__(self) -> None:
        self._asked = False
        self._before: Any = None
        self._interrupted: dict[str, int] | None = None
        self._states: list[dict[str, Any]] | None = None  # of the processes, written or read

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if runner._resume:
            self._interrupted = checkpoint.get('meta', {}).get('interrupted')
            self._states = checkpoint.get('processes')

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        if self._states is not None:
            checkpoint['processes'] = self._states

    def before_run(self, runner: Runner) -> None:
        for loop in (runner._train_loop, runner._val_loop):
            if isinstance(loop, BaseLoop):  # else it is a config, and does not run
                outlive_signals(loop.dataloader)

    def before_train(self, runner: Runner) -> None:
        self._asked = False
        if self._interrupted is not None:
            self._go_on(runner, **self._interrupted)
            self._interrupted = None
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGTERM, self._on_signal)

    def _go_on(self, runner: Runner, done: int, length: int) -> None:
        processes = len(self._states or [])
        if (length, processes) != (len(runner.train_dataloader), get_world_size()):
            raise ValueError(
                f'{self.filename} stands after batch {done} of {length} in its epoch, on {processes} '
                f'processes, and now an epoch has {len(runner.train_dataloader)}, on '
                f'{get_world_size()}: go on with the same batch size and number of processes, or '
                'resume from an epoch_*.pth'
            )
        state = self._states[get_rank()]
        restore_buffers(runner, state)
        restore_hooks(runner, state)
        skip_batches(runner.train_loop, done, partial(restore_draws, state))
        self._states = None

    def after_train(self, runner: Runner) -> None:
        self._restore()

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        done, in_epoch, length = runner.iter + 1, batch_idx + 1, len(runner.train_dataloader)
        if in_epoch == length or not runner.optim_wrapper.should_update():
            return
        if not on_any_process(self._asked):
            return
        runner.logger.warning(
            f'asked to stop: saving {self.filename} after iteration {done}, batch {in_epoch} of '
            f'{length} in epoch {runner.epoch + 1}; --resume goes on with the next one'
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
            AtomicLocalBackend().put(str(pointer.with_name(self.filename)).encode(), pointer)
        barrier()  # nobody leaves before the file is complete
        self._restore()
        raise SystemExit(EXIT_CODE)

    def after_train_epoch(self, runner: Runner) -> None:
        """Removes the file of an earlier interruption, once there is a later checkpoint."""
        pointer = Path(runner.work_dir) / 'last_checkpoint'
        if is_main_process() and pointer.is_file():
            last = Path(pointer.read_text().strip())
            if last.name != self.filename and last.is_file():
                pointer.with_name(self.filename).unlink(missing_ok=True)

    def _on_signal(self, *_: Any) -> None:
        self._asked = True

    def _restore(self) -> None:
        if self._before is not None:
            signal.signal(signal.SIGTERM, self._before)
            self._before = None
