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


def resume_from_what_is_there() -> None:
    """Lets ``--resume`` find the checkpoint of a moved folder, and say so where there is none.

    Symptom: the file ``last_checkpoint`` holds an absolute path, so a moved or copied work directory
    does not resume, or goes on from the old one; it is written in place, so a process killed just then
    leaves it empty; and without any checkpoint training starts at 0 with hardly a word.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: ``find_latest_checkpoint`` looks at what is in the folder.
    """
    mmengine_checkpoint.find_latest_checkpoint = find_latest_checkpoint
    mmengine_runner.find_latest_checkpoint = find_latest_checkpoint


def find_latest_checkpoint(work_dir: str) -> str | None:
    """The checkpoint to go on from, or None, with a warning, where nothing was saved yet.

    Raises:
        FileNotFoundError: There was one, and neither it nor an earlier one is there.
    """
    folder = Path(work_dir)
    pointer = folder / 'last_checkpoint'
    text = pointer.read_text(errors='replace').strip() if pointer.is_file() else ''
    if '://' in text:  # saved to a remote folder
        return text
    named = Path(text)
    if named.name:
        for place in (folder / named.name, named):
            if place.is_file():
                return str(place)
    saved = {
        int(number.group(1)): path
        for path in folder.glob('*.pth')
        if (number := re.fullmatch(r'(?:epoch|iter)_(\d+)\.pth', path.name))
    }
    if saved:
        newest = saved[max(saved)]
        print_log(f'{pointer} names no file that is there; going on from {newest}', 'current',
                  logging.WARNING)  # fmt: skip
        return str(newest)
    if named.name:
        raise FileNotFoundError(
            f'cannot resume: {pointer} names {named}, which is not there, nor is any epoch_*.pth in '
            f'{folder}. Bring the file back, or start anew without --resume'
        )
    print_log(
        f'no checkpoint in {folder} to resume from: training starts at the first epoch',
        'current',
        logging.WARNING,
    )
    return None


def resume_inside_an_epoch() -> None:
    """Lets a checkpoint that was written inside an epoch go on with the batches not yet trained.

    Symptom: such a checkpoint starts its epoch again from the first batch, while the iteration count
    and the schedules go on, so that training ends with more updates than planned. Who resumes one
    calls :func:`go_on_after`.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: ``EpochBasedTrainLoop`` skips what is done.
    """
    run_epoch = EpochBasedTrainLoop.run_epoch

    @functools.wraps(run_epoch)
    def run_rest_of_epoch(self: EpochBasedTrainLoop) -> None:
        done = batches_done(self)
        if not done:
            run_epoch(self)
            return
        self.runner.call_hook('before_train_epoch')
        self.runner.model.train()
        for index, batch in enumerate(self.dataloader):
            if index >= done:
                self.run_iter(index, batch)
            elif index == done - 1 and self._before_next is not None:
                self._before_next()
        self.runner.call_hook('after_train_epoch')
        self._epoch += 1
        go_on_after(self, 0)

    EpochBasedTrainLoop.run_epoch = run_rest_of_epoch


def go_on_after(
    loop: EpochBasedTrainLoop, batches: int, before_next: Callable[[], None] | None = None
) -> None:
    """Lets the next epoch of a loop skip its first batches, which are trained already.

    Args:
        loop: The loop.
        batches: How many.
        before_next: Called once these are loaded and skipped.
    """
    loop._batches_done, loop._before_next = batches, before_next


def batches_done(loop: EpochBasedTrainLoop) -> int:
    """How many batches of its epoch a loop is to skip; 0 but after a resumption inside an epoch."""
    return getattr(loop, '_batches_done', 0)


def position(loop: BaseLoop) -> int:
    """How far a training loop has come, in what it counts its validations by: epochs or iterations."""
    return loop.epoch if isinstance(loop, EpochBasedTrainLoop) else loop.iter


def validates_here(loop: BaseLoop) -> bool:
    """Whether a training loop validates where it stands; MMEngine has the rule in its ``run`` only."""
    if loop.runner.val_loop is None:
        return False
    loop._decide_current_val_interval()
    done = position(loop)
    end = loop.max_epochs if isinstance(loop, EpochBasedTrainLoop) else loop.max_iters
    return done >= loop.val_begin and (done % loop.val_interval == 0 or done == end)


def trust_synced_buffers(runner: Runner) -> None:
    """Says that the buffers of all processes are one, as they are after loading a checkpoint.

    ``SyncBuffersHook`` would average them before a validation that follows no epoch, and an average of
    equal numbers over three processes can differ in the last bit.
    """
    for hook in runner.hooks:
        if isinstance(hook, SyncBuffersHook):
            hook.called_in_train = True
