from __future__ import annotations

from collections import deque
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS

from ...repairs.atomic_backend import ATOMIC, remove_parts
from ...repairs.resume import position, trust_synced_buffers, validates_here

VALIDATED = 'last_validated'  # in the message hub; a name with "val" in front would be logged


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's ``CheckpointHook`` that at any moment leaves a whole checkpoint to resume from.

    Files are written completely or not at all, through
    :class:`~mmpretrain_mlml.checkpoints.AtomicLocalBackend` (a ``backend_args`` of yours, or a remote
    folder, is respected), and an old one goes only after the new one is complete, "best" included.
    (MMEngine deletes first and writes in place, so that a full disk can leave nothing.)

    With ``save_best`` a checkpoint says whether it was validated. One that should have been, and was
    not because the process was killed, is validated first when training is resumed from it, so that
    its score counts for the best.

    Args:
        **kwargs: As for MMEngine's ``CheckpointHook``.

    Raises:
        OSError: While training, a checkpoint could not be written; the earlier ones are untouched.
    """

    _inside_epoch = False  # whether the checkpoint that is resumed was written there

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        self._inside_epoch = 'interrupted' in checkpoint.get('meta', {})

    def before_train(self, runner: Runner) -> None:
        folder = str(self.out_dir or runner.work_dir)
        local = '://' not in folder
        if local and self.backend_args is None and self.file_client_args is None:
            self.backend_args = {'backend': ATOMIC}
        super().before_train(runner)
        if local and is_main_process():
            remove_parts(self.out_dir)
        if self._awaits_validation(runner):
            name = self.filename_tmpl.format(self._step(runner))
            runner.logger.warning(
                f'{name} was not validated before the end of its run: doing so now'
            )
            self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
            trust_synced_buffers(runner)
            runner.val_loop.run()

    def _awaits_validation(self, runner: Runner) -> bool:
        loop = runner.train_loop
        if not runner._resume or loop.iter == 0 or self._inside_epoch or not self.save_best:
            return False
        done = runner.message_hub.runtime_info.get(VALIDATED)
        return validates_here(loop) and done != position(loop)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        keep = self.max_keep_ckpts
        if keep <= 0:
            super()._save_checkpoint_with_step(runner, step, meta)
            return
        steps = [kept for kept in self.keep_ckpt_ids if kept != step] + [step]
        # With those that are to go: killed before, the resumed run removes them.
        runner.message_hub.update_info('keep_ckpt_ids', steps)
        self.max_keep_ckpts = -1  # saves only; what is too many goes below
        try:
            super()._save_checkpoint_with_step(runner, step, meta)
        finally:
            self.max_keep_ckpts = keep
        self.keep_ckpt_ids = deque(steps[-keep:], keep)
        for old in steps[:-keep]:
            self._remove(Path(self.out_dir) / self.filename_tmpl.format(old))

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, float]) -> None:
        if not self.save_best:
            return
        one, last = len(self.key_indicators) == 1, self.last_ckpt
        before = self.best_ckpt_path if one else None
        if one:
            self.best_ckpt_path = None  # nothing to delete beforehand
        self.last_ckpt = None  # and nothing to save again yet
        super()._save_best_checkpoint(runner, metrics)
        self.last_ckpt = last
        if one and self.best_ckpt_path is None:
            self.best_ckpt_path = before
        elif before and str(before) != str(self.best_ckpt_path):
            self._remove(Path(before))
        self._note_validation(runner)

    def _note_validation(self, runner: Runner) -> None:
        """Writes the checkpoint just validated once more, with the best score and its validation."""
        step = self._step(runner)
        runner.message_hub.update_info(VALIDATED, position(runner.train_loop))
        if self.last_ckpt and Path(self.last_ckpt).name == self.filename_tmpl.format(step):
            meta = {'epoch': runner.epoch, 'iter': runner.iter}
            self._save_checkpoint_with_step(runner, step, meta)

    def _step(self, runner: Runner) -> int:
        return runner.epoch if self.by_epoch else runner.iter

    def _remove(self, path: Path) -> None:
        if not is_main_process():
            return
        if self.file_backend.isdir(str(path)):  # as DeepSpeed saves
            self.file_backend.rmtree(str(path))
        elif self.file_backend.isfile(str(path)):
            self.file_backend.remove(str(path))
