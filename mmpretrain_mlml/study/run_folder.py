"""The folder of a run: its files, and whether it holds this run, another one or none."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

from ..files import atomic_write
from ..printable import first_few
from ..version import __version__

RUN_JSON, PREDICTIONS, RECOVERY, LOG = 'run.json', 'predictions.npz', 'recovery.json', 'out.log'
_PACKAGES = 'torch', 'torchvision', 'numpy', 'mmengine', 'mmcv-lite', 'mmpretrain'

State = Literal['new', 'begun', 'finished', 'other']


def folder_state(folder: Path, fingerprint: str) -> State:
    """Return what a folder holds of the run with a fingerprint.

    Returns:
        ``'new'``: nothing that would be lost. ``'begun'`` or ``'finished'``: this run. ``'other'``:
        checkpoints or predictions of a run with another config, or of unknown origin.

    Raises:
        ValueError: If ``run.json`` is damaged.
    """
    known = read_run_json(folder)
    if known.get('fingerprint') == fingerprint:
        return 'finished' if known['finished'] else 'begun'
    has_results = (folder / PREDICTIONS).is_file() or any(folder.glob('*.pth'))
    return 'other' if has_results else 'new'


def folder_states(fingerprints: Mapping[str, str], work_dir: Path) -> dict[str, State]:
    """Return the :func:`folder_state` of each run of a work directory.

    Args:
        fingerprints: Fingerprint of each run, by the name of its folder.
        work_dir: Folder of the study.

    Raises:
        ValueError: If a folder holds another run.
    """
    states = {name: folder_state(work_dir / name, code) for name, code in fingerprints.items()}
    others = [name for name, state in states.items() if state == 'other']
    if others:
        raise ValueError(
            f'these folders in {work_dir} hold runs of another config: {first_few(others)}. Undo the '
            'change of the config, or move the folders away'
        )
    return states


def read_run_json(folder: Path) -> dict[str, Any]:
    """Return what :func:`write_run_json` wrote into a folder, or an empty dict.

    Raises:
        ValueError: If the file is damaged.
    """
    path = folder / RUN_JSON
    return read_json(path) if path.is_file() else {}


def write_run_json(folder: Path, fingerprint: str, command: Sequence[str], finished: bool) -> None:
    """Write which run a folder holds, what it was started with, and whether it is finished."""
    shown = ' '.join(['python tools/train.py', *command[2:]]).replace(f'{folder.parent}/', '')
    content = {
        'fingerprint': fingerprint,
        'finished': finished,
        'command': shown,
        'versions': installed_versions(),
    }
    with atomic_write(folder / RUN_JSON, 'w') as file:
        json.dump(content, file, indent=1)


def installed_versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that results depend on."""
    versions = {'python': sys.version.split()[0], 'mmpretrain_mlml': __version__}
    for name in _PACKAGES:
        for distribution in (name, f'onedl-{name.removesuffix("-lite")}'):
            try:
                versions[distribution] = version(distribution)
            except PackageNotFoundError:
                continue
    return versions


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file of a run.

    Raises:
        ValueError: If the file is damaged.
    """
    try:
        return json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:  # not JSON, or not even text
        raise ValueError(f'{path} is damaged: {error}; remove its folder to run it anew') from error
