"""A training run of a study: its command, its folder, and what the folder says of it."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..paths import config, shipped
from ..version import __version__

NOTE, PREDICTIONS, RECOVERY, LOG = 'run.json', 'predictions.npz', 'recovery.json', 'out.log'


@dataclass(frozen=True)
class Run:
    """One training run of a study.

    Attributes:
        name: Name of its folder.
        config: Name of a shipped config, or the path of a config.
        label: How figures and tables call it.
        options: Further ``--cfg-options``.
    """

    name: str
    config: str
    label: str
    options: Sequence[str] = field(default=())

    @property
    def file(self) -> str:
        return self.config if Path(self.config).is_file() else config(self.config)

    @cached_property
    def fingerprint(self) -> str:
        return fingerprint(Config.fromfile(self.file), self.options)

    def command(self, folder: Path, resume: bool) -> list[str]:
        options = [*self.options, f'val_evaluator.out={folder / PREDICTIONS}']
        tool = [sys.executable, str(shipped('tools') / 'train.py'), self.file]
        going_on = ['--resume'] if resume else []
        return [*tool, '--work-dir', str(folder), *going_on, '--cfg-options', *options]


def fingerprint(cfg: Config, options: Sequence[str] = ()) -> str:
    """Of all that a config says, but for where files lie."""
    told = [_without_places(cfg.to_dict()), list(options)]
    return hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()[:12]


def conditions(wanted: Mapping[str, str], work_dir: Path) -> dict[str, str]:
    """The :func:`condition` of each run's folder, by name.

    Raises:
        ValueError: A folder holds another run.
    """
    found = {name: condition(work_dir / name, print_) for name, print_ in wanted.items()}
    others = [name for name, kind in found.items() if kind == 'other']
    if others:
        raise ValueError(
            f'these folders in {work_dir} hold runs of another config: {", ".join(others)}. Undo the '
            'change of the config, or move the folders away'
        )
    return found


def condition(folder: Path, wanted: str) -> str:
    """What a folder holds, seen by the fingerprint of the run that is to stand there.

    Returns:
        ``'new'``: nothing to lose; ``'begun'``; ``'finished'``; ``'other'``: checkpoints or
        predictions of a run with another config, or of unknown origin.

    Raises:
        ValueError: The note of what runs there is damaged.
    """
    note = read_note(folder)
    if note.get('fingerprint') == wanted:
        return 'finished' if note['finished'] else 'begun'
    held = (folder / PREDICTIONS).is_file() or any(folder.glob('*.pth'))
    return 'other' if held else 'new'


def read_note(folder: Path) -> dict[str, Any]:
    path = folder / NOTE
    return _read_json(path) if path.is_file() else {}


def note(run: Run, folder: Path, command: Sequence[str], finished: bool) -> None:
    """Writes down what runs or ran in a folder."""
    told = {
        'fingerprint': run.fingerprint,
        'finished': finished,
        'command': ' '.join(['python tools/train.py', *command[2:]]).replace(
            f'{folder.parent}/', ''
        ),
        'versions': versions(),
    }
    part = folder / f'.{NOTE}.part'
    part.write_text(json.dumps(told, indent=1))
    part.replace(folder / NOTE)


def versions() -> dict[str, str]:
    """Of Python and the packages that a result depends on, as they are installed here."""
    found = {'python': sys.version.split()[0], 'mmpretrain_mlml': __version__}
    for name in ('torch', 'torchvision', 'numpy', 'mmengine', 'mmcv-lite', 'mmpretrain'):
        for installed in (name, f'onedl-{name.removesuffix("-lite")}'):
            try:
                found[installed] = version(installed)
            except PackageNotFoundError:
                continue
    return found


def read_scores(run_dir: Path) -> list[dict[str, float]]:
    """The scores of each validation in a work directory, in order, over all resumptions of its run.

    A run that starts anew in a used folder replaces the earlier one. A last line that a killed process
    left unfinished is passed over.

    Raises:
        ValueError: Another line cannot be read; says where.
    """
    by_epoch: dict[int, dict[str, float]] = {}
    logs = run_dir.glob('*/vis_data/scalars.json')
    for log in sorted(logs, key=lambda path: path.parents[1].name):
        rows = [row for row in _read_lines(log) if 'multi-label/mAP' in row]
        if rows:
            by_epoch = {epoch: row for epoch, row in by_epoch.items() if epoch < rows[0]['step']}
        by_epoch |= {row['step']: row for row in rows}
    return list(by_epoch.values())


def read_recovery(run_dir: Path) -> list[dict[str, Any]]:
    """What :class:`LabelRecoveryHook` noted of each epoch of a run; nothing where it was not there."""
    path = run_dir / RECOVERY
    return _read_json(path)['epochs'] if path.is_file() else []


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text())
    except ValueError as error:  # also what is no text
        raise ValueError(f'{path} is damaged: {error}; remove its folder to run it anew') from error


def _read_lines(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text(errors='replace').splitlines()
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError as error:
            if number < len(lines):
                raise ValueError(f'{path}:{number} is damaged: {error}') from error
    return rows


def _without_places(value: Any) -> Any:
    if isinstance(value, Mapping):
        kept = {key: _without_places(v) for key, v in value.items() if key != 'data_root'}
        if 'checkpoint' in kept and isinstance(kept['checkpoint'], str):
            kept['checkpoint'] = Path(kept['checkpoint']).name
        return kept
    return [_without_places(v) for v in value] if isinstance(value, (list, tuple)) else value
