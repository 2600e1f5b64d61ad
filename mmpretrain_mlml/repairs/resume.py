"""Resume a run: find its checkpoint, continue inside an epoch, validate at the right places."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable
from pathlib import Path

import mmengine.runner.checkpoint as mmengine_checkpoint
import mmengine.runner.runner as mmengine_runner
from mmengine.hooks import SyncBuffersHook
from mmengine.logging import print_log
from mmengine.runner import BaseLoop, EpochBasedTrainLoop, Runner

from . import require_repairs


def resume_from_files_in_work_dir() -> None:
    """Make ``--resume`` find the checkpoint of a moved folder, and warn if there is none.

    Symptom: the file ``last_checkpoint`` holds the path of a checkpoint, a file or a folder, so a
    moved work directory does not resume, and a copied one resumes from the original. The file is
    written in place, so a process killed at that moment leaves it empty. Without any checkpoint
    training starts at 0 almost silently.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: ``find_latest_checkpoint`` considers the files in the folder.
    """
    mmengine_checkpoint.find_latest_checkpoint = find_latest_checkpoint
    mmengine_runner.find_latest_checkpoint = find_latest_checkpoint


def find_latest_checkpoint(work_dir: str) -> str | None:
    """Return the checkpoint to resume from; None, with a warning, if nothing was saved yet.

    Raises:
        FileNotFoundError: If there was a checkpoint, and neither it nor an earlier one exists.
    """
    folder = Path(work_dir)
    pointer = folder / 'last_checkpoint'
    text = pointer.read_text(errors='replace').strip() if pointer.is_file() else ''
    if '://' in text:  # saved to a remote folder
        return text
    named = Path(text)
    if named.name:
        own = folder / named.name
        if named.exists() and not (own.exists() and _is_of_another_run(named, folder)):
            return text
        if own.exists():
            return str(own)
    saved = {
        int(number.group(1)): path
        for path in folder.glob('*.pth')
        if (number := re.fullmatch(r'(?:epoch|iter)_(\d+)\.pth', path.name))
    }
    if saved:
        newest = saved[max(saved)]
        print_log(f'{pointer} names no existing file; resuming from {newest}', 'current',
                  logging.WARNING)  # fmt: skip
        return str(newest)
    if named.name:
        raise FileNotFoundError(
            f'cannot resume: {pointer} names {named}, which does not exist, nor does any epoch_*.pth '
            f'in {folder}. Restore the file, or start anew without --resume'
        )
    print_log(
        f'no checkpoint in {folder} to resume from: training starts at the first epoch',
        'current',
        logging.WARNING,
    )
    return None


def _is_of_another_run(checkpoint: Path, work_dir: Path) -> bool:
    """Return whether a checkpoint lies in another work directory, of which ``work_dir`` is a copy."""
    folder = checkpoint.parent.resolve()
    return folder != work_dir.resolve() and (folder / 'last_checkpoint').is_file()


def resume_inside_an_epoch() -> None:
    """Make training continue with the remaining batches after a checkpoint from inside an epoch.

    Symptom: such a checkpoint starts its epoch again from the first batch, while the iteration count
    and the schedules continue, so that training ends with more updates than planned. The hook that
    resumes such a checkpoint calls :func:`skip_batches`.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: ``EpochBasedTrainLoop`` skips the batches that were trained.
    """
    run_epoch = EpochBasedTrainLoop.run_epoch

    @functools.wraps(run_epoch)
    def run_rest_of_epoch(self: EpochBasedTrainLoop) -> None:
        skipped = skipped_batches(self)
        if not skipped:
            run_epoch(self)
            return
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        for index, batch in enumerate(self.dataloader):
            if index >= skipped:
                self.run_iter(index, batch)
            elif index == skipped - 1 and self._after_skipping is not None:
                self._after_skipping()
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
        skip_batches(self, 0)

    EpochBasedTrainLoop.run_epoch = run_rest_of_epoch


def skip_batches(
    loop: EpochBasedTrainLoop, batches: int, after_skipping: Callable[[], None] | None = None
) -> None:
    """Make the next epoch of a loop skip its first batches, which have been trained already.

    Args:
        loop: Training loop.
        batches: Number of batches to skip.
        after_skipping: Function called once these batches have been loaded and skipped.

    Raises:
        RuntimeError: If the repairs are turned off, which the loop needs to skip any.
    """
    if batches:
        require_repairs('resuming inside an epoch')
    loop._skipped_batches, loop._after_skipping = batches, after_skipping


def skipped_batches(loop: EpochBasedTrainLoop) -> int:
    """Return how many batches the current epoch skips: 0 unless a run resumed inside this epoch."""
    return getattr(loop, '_skipped_batches', 0)


def position(loop: BaseLoop) -> int:
    """Return the progress of a training loop in the unit of its validations: epochs or iterations."""
    return loop.epoch if isinstance(loop, EpochBasedTrainLoop) else loop.iter


def validates_here(loop: BaseLoop) -> bool:
    """Return whether a training loop validates at its position, by the rule in MMEngine's ``run``."""
    if loop.runner.val_loop is None:
        return False
    loop._decide_current_val_interval()
    done = position(loop)
    end = loop.max_epochs if isinstance(loop, EpochBasedTrainLoop) else loop.max_iters
    return done >= loop.val_begin and (done % loop.val_interval == 0 or done == end)


def trust_synced_buffers(runner: Runner) -> None:
    """Mark the buffers of all processes as equal, as they are after loading a checkpoint.

    ``SyncBuffersHook`` would average them before a validation that follows no epoch, and an average of
    equal numbers over three processes can differ in the last bit.
    """
    for hook in runner.hooks:
        if isinstance(hook, SyncBuffersHook):
            hook.called_in_train = True
