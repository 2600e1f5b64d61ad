"""A training run: its config, its fingerprint and its command."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..files import atomic_write
from ..paths import config, shipped
from .run_folder import PREDICTIONS

# Default hooks that change nothing of a run: finished runs of versions without them are still known.
WITHOUT_EFFECT = {'batch_to_device', 'run_identity', 'runtime_info', 'thresholds'}


@dataclass(frozen=True)
class Run:
    """One run of ``tools/train.py``, in a folder of its own.

    A script trains shipped configs: ``name``, ``config``, ``label`` and ``options`` are enough. A
    study gives each run a config of its own, ``text``, and names for the report.

    Attributes:
        name: Name of its folder.
        config: Name of a shipped config, or path of a config.
        label: Name in the progress display.
        options: Further ``--cfg-options``.
        text: Content of the run's own config file, which inherits from ``config``. Without it
            ``config`` itself is trained.
        overrides: What ``text`` changes in ``config``.
        loss: Name of the loss in the study file.
        labels: Name of the label list in the study file.
        seed: Seed of the training.
        table: Backbone and number of images, where a study has several. Runs with the same value
            share a table of the report.
    """

    name: str
    config: str
    label: str = ''
    options: Sequence[str] = ()
    text: str = ''
    overrides: Mapping[str, Any] = field(default_factory=dict)
    loss: str = ''
    labels: str = ''
    seed: int | None = None
    table: str = ''

    @cached_property
    def content(self) -> Config:
        """The whole config, without ``options``."""
        if self.text:
            return Config.fromstring(self.text, '.py')
        return Config.fromfile(self._shared_file())

    @cached_property
    def fingerprint(self) -> str:
        """Fingerprint of what the config and the options say of a run, but for where files lie."""
        content = _without_locations(self.content.to_dict())
        for name in WITHOUT_EFFECT & content.get('default_hooks', {}).keys():
            del content['default_hooks'][name]
        return fingerprint([content, list(self.options)])

    def write_config(self, folder: Path) -> None:
        """Write the run's own config, if it has one, into ``folder/config``."""
        if self.text:
            path = self._own_file(folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path, 'w') as file:
                file.write(self.text)

    def command(self, folder: Path, resume: bool) -> list[str]:
        """Return the command that trains the run in ``folder``."""
        file = self._own_file(folder) if self.text else self._shared_file()
        return [
            sys.executable,
            str(shipped('tools') / 'train.py'),
            str(file),
            *('--work-dir', str(folder)),
            *(['--resume'] if resume else []),
            *('--cfg-options', *self.options, f'val_evaluator.out={folder / PREDICTIONS}'),
        ]

    def _own_file(self, folder: Path) -> Path:
        # not in the folder itself, where MMEngine writes the whole config under the same name
        return folder / 'config' / f'{self.name}.py'

    def _shared_file(self) -> Path:
        return Path(self.config if Path(self.config).is_file() else config(self.config))


def fingerprint(content: Any) -> str:
    """Return 12 hexadecimal digits that depend on the content and not on the order of keys.

    Args:
        content: Dicts, lists, strings and numbers. Anything else counts as its ``str()``.

    >>> fingerprint({'lr': 0.1, 'epochs': 3}) == fingerprint({'epochs': 3, 'lr': 0.1})
    True
    """
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _without_locations(content: Any) -> Any:
    """Return a config without the folders in which data and pretrained weights lie."""
    if isinstance(content, Mapping):
        kept = {key: _without_locations(v) for key, v in content.items() if key != 'data_root'}
        if isinstance(kept.get('checkpoint'), str):
            kept['checkpoint'] = Path(kept['checkpoint']).name
        return kept
    return (
        [_without_locations(v) for v in content] if isinstance(content, (list, tuple)) else content
    )
