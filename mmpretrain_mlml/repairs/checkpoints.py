"""Checkpoints are data: loaded with weights_only on, and never obeyed."""

from __future__ import annotations

import errno
import functools
import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

import mmengine.runner.checkpoint as mmengine_checkpoint
import torch
from mmengine.runner import CheckpointLoader, Runner


def load_as_data_only() -> None:
    """Makes every loader of mmengine keep weights_only on, and say why a file is refused.

    Symptom: onedl-mmengine retries a refused file with weights_only=False and so runs it;
    ``http://``, ``torchvision://`` and ``open-mmlab://`` load with weights_only=False everywhere.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: both load with weights_only=True throughout.
    """
    CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)
    if hasattr(mmengine_checkpoint, '_safe_torch_load'):
        mmengine_checkpoint._safe_torch_load = _load_file
    mmengine_checkpoint.load_url = _load_url


def never_obey_checkpoint() -> None:
    """Drops from a checkpoint what a runner would act upon.

    Symptom: ``Runner.resume`` runs ``checkpoint['meta']['config']`` as Python, only to read a key
    (``gpu_ids``) that no config of today has; and CheckpointHook deletes the file or the whole folder
    that ``best_ckpt`` in the checkpoint names once there is a better one, wherever that is, and those
    of ``keep_ckpt_ids``, whose steps may be any text, such as ``x/../../elsewhere``.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: resume no longer calls ``Config.fromstring`` and the hook stays in its own folder.
    """
    load_checkpoint = Runner.load_checkpoint

    @functools.wraps(load_checkpoint)
    def load_and_disarm(self: Runner, *args: Any, **kwargs: Any) -> dict:
        checkpoint = load_checkpoint(self, *args, **kwargs)
        disarm(checkpoint, self.work_dir)
        return checkpoint

    Runner.load_checkpoint = load_and_disarm


def disarm(checkpoint: dict, work_dir: str) -> None:
    """Takes out the config text, and what would let files outside the folder be deleted."""
    if isinstance(checkpoint.get('meta'), dict):
        checkpoint['meta'].pop('config', None)
    remembered = checkpoint.get('message_hub', {}).get('runtime_info', {})
    for key in [key for key in remembered if str(key).startswith('best_ckpt')]:
        if not _lies_in(str(remembered[key]), work_dir):
            moved = Path(work_dir) / Path(str(remembered.pop(key))).name
            if moved.suffix == '.pth' and moved.is_file():  # the work directory has moved
                remembered[key] = str(moved)
    if 'keep_ckpt_ids' in remembered:
        steps = [step for step in remembered['keep_ckpt_ids'] if type(step) is int]
        remembered['keep_ckpt_ids'] = steps


def resume_from_training_state_only() -> None:
    """Says what is wrong where a checkpoint to resume from holds weights alone.

    Symptom: ``--resume best_*.pth``, or of a file from elsewhere, ends in ``KeyError: 'message_hub'``.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: ``Runner.resume`` names what it misses.
    """
    resume = Runner.resume

    @functools.wraps(resume)
    def resume_or_say(self: Runner, filename: str, *args: Any, **kwargs: Any) -> None:
        try:
            resume(self, filename, *args, **kwargs)
        except KeyError as error:
            if error.args != ('message_hub',):
                raise
            raise RuntimeError(
                f'{filename} holds weights alone, so training cannot go on from it: resume from an '
                'epoch_*.pth, or start anew from these weights with --cfg-options load_from=FILE'
            ) from error

    Runner.resume = resume_or_say


def refuse_unfitting_checkpoint() -> None:
    """Makes a runner refuse a checkpoint whose keys are not those of the model.

    Symptom: ``tools/test.py`` with a wrong checkpoint warns, keeps random weights and prints scores.
    Called by ``tools/test.py`` only: training may start from weights that fit in part.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12 (``strict=False`` is the default of
    ``Runner.load_checkpoint``, which ``load_or_resume`` does not change).
    Goes when: mmpretrain's ``tools/test.py`` loads strictly.
    """
    load_checkpoint = Runner.load_checkpoint

    @functools.wraps(load_checkpoint)
    def load_strictly(self: Runner, filename: str, *args: Any, **kwargs: Any) -> dict:
        try:
            return load_checkpoint(self, filename, *args, **{**kwargs, 'strict': True})
        except RuntimeError as error:
            if 'do not match' not in str(error):
                raise
            raise RuntimeError(
                f'{filename} does not fit the model of this config, so its scores would be those of '
                'random weights. Take the config it was trained with; a checkpoint of the released '
                f'trainer goes through tools/convert_checkpoint.py first. {error}'
            ) from error

    Runner.load_checkpoint = load_strictly


def _lies_in(path: str, folder: str) -> bool:
    """Whether a path is that of a checkpoint file right in a folder."""
    return path.endswith('.pth') and Path(path).resolve().parent == Path(folder).resolve()


def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Loads a local checkpoint as data, never as code.

    Raises:
        FileNotFoundError: There is no such file.
        RuntimeError: The file holds more than data, or is not a whole checkpoint.
    """
    path = Path(filename).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'no checkpoint at {path} (in {Path.cwd()})')
    return _load_file(path, map_location)


def _load_file(file: Any, map_location: Any = None, weights_only: bool | None = None) -> Any:
    with _refusal_explained(file):
        return _dict_only(torch.load(file, map_location=map_location, weights_only=True))


def _load_url(url: str, **kwargs: Any) -> Any:
    kwargs['weights_only'] = True
    try:
        with _refusal_explained(url):
            return _dict_only(torch.hub.load_state_dict_from_url(url, **kwargs))
    except (URLError, ConnectionError, TimeoutError) as error:
        cache = Path(torch.hub.get_dir()) / 'checkpoints'
        raise RuntimeError(
            f'could not download {url} ({error}). Without a network, give a local file (--cfg-options '
            'model.backbone.init_cfg.checkpoint=FILE for the weights of a backbone), put the file '
            f'into {cache}, or train from scratch (--cfg-options model.backbone.init_cfg=None).'
        ) from error


def _dict_only(content: Any) -> dict:
    if not isinstance(content, dict):
        raise pickle.UnpicklingError(f'Unsupported {type(content).__name__} in place of a dict')
    return content


# What torch.load lets escape for files that are cut short, or are something else altogether.
_UNREADABLE = (
    pickle.UnpicklingError, EOFError, RuntimeError, KeyError, IndexError, ValueError, TypeError,
    AttributeError, OSError,
)  # fmt: skip


@contextmanager
def _refusal_explained(source: Any) -> Iterator[None]:
    """Says in plain words why torch would not load a file."""
    try:
        yield
    except _UNREADABLE as error:
        if isinstance(error, RuntimeError) and 'PytorchStreamReader' not in str(error):
            raise
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # of a file without its end
            raise
        found = re.search(r'[Uu]nsupported[^\n]*?(?=\. | Please|\n|$)', str(error))
        reason = found.group(0) if found else 'it is no checkpoint'
        raise RuntimeError(
            f'{source} was refused: a checkpoint may hold tensors and the training state that '
            'mmengine writes, no code. This one is damaged or not from a source to trust '
            f'({reason}).'
        ) from error
