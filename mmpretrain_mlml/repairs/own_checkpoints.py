"""A resumed run removes and publishes its own checkpoints alone, whatever a file names."""

from __future__ import annotations

import functools
import logging
from pathlib import Path
from typing import Any

from mmengine.hooks import CheckpointHook
from mmengine.logging import print_log
from mmengine.runner import FlexibleRunner, Runner


def remove_own_checkpoints_only() -> None:
    """Keep ``CheckpointHook`` to the folders of its run when it resumes.

    Symptom: the hook deletes the file, or the whole folder, that ``best_ckpt`` in a checkpoint names
    once there is a better one, wherever it is, and the files of ``keep_ckpt_ids``, whose steps may be
    any text, such as ``x/../../elsewhere``. After a work directory was moved, the best checkpoint is
    not found: it stays beside its successor, and publishing it fails.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: the hook stores names relative to its own folder.
    """
    before_train = CheckpointHook.before_train

    @functools.wraps(before_train)
    def before_train_with_own(self: CheckpointHook, runner: Runner) -> None:
        if not isinstance(runner, FlexibleRunner) and not runner._has_loaded:
            before_train(self, runner)  # no file has named anything
            return
        info = runner.message_hub.runtime_info
        if 'keep_ckpt_ids' in info:
            info['keep_ckpt_ids'] = [step for step in info['keep_ckpt_ids'] if type(step) is int]
        before_train(self, runner)
        if getattr(self, 'best_ckpt_path', None):
            self.best_ckpt_path = _keep_own(self, runner, 'best_ckpt')
        paths = getattr(self, 'best_ckpt_path_dict', {})
        for key in [key for key, path in paths.items() if path]:
            paths[key] = _keep_own(self, runner, f'best_ckpt_{key}')

    CheckpointHook.before_train = before_train_with_own


def _keep_own(hook: Any, runner: Runner, key: str) -> str | None:
    """Return the best checkpoint in the message hub, if it is one of this run or was moved with it."""
    info = runner.message_hub.runtime_info
    named = Path(str(info[key]))
    own = named.name.startswith('best_')
    if own and named.parent.resolve() in {
        Path(f).resolve() for f in (hook.out_dir, runner.work_dir)
    }:
        return info[key]
    del info[key]
    moved = hook.file_backend.join_path(hook.out_dir, named.name)
    if own and (hook.file_backend.isfile(moved) or hook.file_backend.isdir(moved)):
        info[key] = moved
        return moved
    print_log(
        f'{named}, which the checkpoint names as the best one, is not in {hook.out_dir}: it will not '
        'be removed or published', 'current', logging.WARNING,
    )  # fmt: skip
    return None
