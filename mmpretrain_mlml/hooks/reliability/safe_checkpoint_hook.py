from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS

from ...repairs.atomic_backend import ATOMIC, remove_parts
from ...repairs.resume import position, trust_synced_buffers, validates_here

VALIDATED = 'last_validated'  # key in the message hub; names that begin with "val" are logged


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's ``CheckpointHook`` that always leaves a complete checkpoint to resume from.

    Files are written atomically, through :class:`~mmpretrain_mlml.checkpoints.AtomicLocalBackend`
    (unless ``backend_args`` are given or the folder is remote). An old checkpoint, "best" included, is
    removed only after the new one is complete. (MMEngine removes first and writes in place, so a full
    disk can leave nothing.)

    With ``save_best`` a checkpoint records whether it was validated. If training resumes from one
    whose validation is missing because the process was killed, it is validated first, so that its
    score counts for the best.

    Args:
        **kwargs: Arguments of MMEngine's ``CheckpointHook``.

    Raises:
        OSError: If a checkpoint cannot be written during training; earlier ones are unchanged.
    """

    backend_args: dict[str, Any] | None  # these four are attributes of CheckpointHook
    best_ckpt_path: str | None
    keep_ckpt_ids: deque[int]
    max_keep_ckpts: int

    _inside_epoch = False  # whether the checkpoint to resume from was written inside an epoch

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
                f'{name} was not validated before its run ended: validating it now'
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
        # Includes those to be removed: if the process is killed first, the resumed run removes them.
        runner.message_hub.update_info('keep_ckpt_ids', steps)
        self.max_keep_ckpts = -1  # only saves; old checkpoints are removed below
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
        one_metric, last = len(self.key_indicators) == 1, self.last_ckpt
        previous = self.best_ckpt_path if one_metric else None
        if one_metric:
            self.best_ckpt_path = None  # so that MMEngine removes nothing before it saves
        self.last_ckpt = None  # and saves nothing again yet
        super()._save_best_checkpoint(runner, metrics)
        self.last_ckpt = last
        if one_metric and self.best_ckpt_path is None:
            self.best_ckpt_path = previous
        elif previous and str(previous) != str(self.best_ckpt_path):
            self._remove(Path(previous))
        self._note_validation(runner)

    def _note_validation(self, runner: Runner) -> None:
        """Save the checkpoint just validated again, with the best score and the validation noted."""
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
        if self.file_backend.isdir(str(path)):  # DeepSpeed saves folders
            self.file_backend.rmtree(str(path))
        elif self.file_backend.isfile(str(path)):
            self.file_backend.remove(str(path))
