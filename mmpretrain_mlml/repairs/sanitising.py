"""Remove from loaded checkpoints the entries that MMEngine would execute or delete files by."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from mmengine.runner import Runner


def sanitise_loaded_checkpoints() -> None:
    """Remove the entries of a checkpoint that a runner would act upon, as it is loaded.

    Symptom: ``Runner.resume`` runs ``checkpoint['meta']['config']`` as Python, only to read a key
    (``gpu_ids``) that no current config has. CheckpointHook deletes the file or the whole folder that
    ``best_ckpt`` in the checkpoint names once there is a better one, wherever it is, and the files of
    ``keep_ckpt_ids``, whose steps may be any text, such as ``x/../../elsewhere``.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: resume no longer calls ``Config.fromstring`` and the hook stays in its own folder.
    """
    load_checkpoint = Runner.load_checkpoint

    @functools.wraps(load_checkpoint)
    def load_and_sanitise(self: Runner, *args: Any, **kwargs: Any) -> dict:
        checkpoint = load_checkpoint(self, *args, **kwargs)
        sanitise(checkpoint, self.work_dir)
        return checkpoint

    Runner.load_checkpoint = load_and_sanitise


def sanitise(checkpoint: dict, work_dir: str) -> None:
    """Remove the config text, and all names of files outside a work directory, in place.

    A best checkpoint that lies in ``work_dir`` although the entry names another folder, as after
    moving the work directory, stays under its new path.
    """
    if isinstance(checkpoint.get('meta'), dict):
        checkpoint['meta'].pop('config', None)
    info = checkpoint.get('message_hub', {}).get('runtime_info', {})
    for key in [key for key in info if str(key).startswith('best_ckpt')]:
        if not _is_checkpoint_in(str(info[key]), work_dir):
            moved = Path(work_dir) / Path(str(info.pop(key))).name
            if moved.suffix == '.pth' and moved.is_file():
                info[key] = str(moved)
    if 'keep_ckpt_ids' in info:
        info['keep_ckpt_ids'] = [step for step in info['keep_ckpt_ids'] if type(step) is int]


def _is_checkpoint_in(path: str, folder: str) -> bool:
    """Return whether a path names a checkpoint file directly in a folder."""
    return path.endswith('.pth') and Path(path).resolve().parent == Path(folder).resolve()
