from __future__ import annotations

from collections import deque
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS

from ..checkpoints.atomic import ATOMIC, remove_parts


@HOOKS.register_module()
class SafeCheckpointHook(CheckpointHook):
    """MMEngine's ``CheckpointHook`` that at any moment leaves a whole checkpoint to resume from.

    Files are written completely or not at all, through
    :class:`~mmpretrain_mlml.checkpoints.AtomicLocalBackend` (a ``backend_args`` of yours, or a remote
    folder, is respected), and an old one goes only after the new one is complete, "best" included.
    (MMEngine deletes first and writes in place, so that a full disk can leave nothing.)

    Args:
        **kwargs: As for MMEngine's ``CheckpointHook``.

    Raises:
        OSError: While training, a checkpoint could not be written; the earlier ones are untouched.
    """

    def before_train(self, runner: Runner) -> None:
        folder = str(self.out_dir or runner.work_dir)
        local = '://' not in folder
        if local and self.backend_args is None and self.file_client_args is None:
            self.backend_args = {'backend': ATOMIC}
        super().before_train(runner)
        if local and is_main_process():
            remove_parts(self.out_dir)

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict) -> None:
        keep = self.max_keep_ckpts
        if keep <= 0:
            super()._save_checkpoint_with_step(runner, step, meta)
            return
        steps = [kept for kept in self.keep_ckpt_ids if kept != step] + [step]
        runner.message_hub.update_info('keep_ckpt_ids', steps[-keep:])
        self.max_keep_ckpts = -1  # saves only; what is too many goes below
        try:
            super()._save_checkpoint_with_step(runner, step, meta)
        finally:
            self.max_keep_ckpts = keep
        self.keep_ckpt_ids = deque(steps[-keep:], keep)
        for old in steps[:-keep]:
            self._remove(Path(self.out_dir) / self.filename_tmpl.format(old))

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, float]) -> None:
        if not self.save_best or len(self.key_indicators) > 1:
            super()._save_best_checkpoint(runner, metrics)
            return
        before, self.best_ckpt_path = self.best_ckpt_path, None  # nothing to delete beforehand
        super()._save_best_checkpoint(runner, metrics)
        if self.best_ckpt_path is None:
            self.best_ckpt_path = before
        elif before and str(before) != str(self.best_ckpt_path):
            self._remove(Path(before))

    def _remove(self, path: Path) -> None:
        if not is_main_process():
            return
        if self.file_backend.isdir(str(path)):  # as DeepSpeed saves
            self.file_backend.rmtree(str(path))
        elif self.file_backend.isfile(str(path)):
            self.file_backend.remove(str(path))
