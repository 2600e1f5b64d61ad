"""Resume from an earlier checkpoint where the latest one is damaged."""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Callable
from pathlib import Path

import mmengine.runner._flexible_runner as flexible_runner
import mmengine.runner.checkpoint as mmengine_checkpoint
import mmengine.runner.runner as mmengine_runner
from mmengine.logging import print_log

from .checksums import damage_of
from .loading import RefusedCheckpointError


def skip_damaged_checkpoints() -> None:
    """Make ``--resume`` take the latest checkpoint that is intact.

    Symptom: a damaged file that ``last_checkpoint`` names ends the run, or is loaded with other
    weights than were saved, although the one before is intact. Whoever names a file gets that file, or
    an error.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: ``find_latest_checkpoint`` compares checksums.
    """
    find: Callable[[str], str | None] = mmengine_checkpoint.find_latest_checkpoint

    @functools.wraps(find)
    def find_intact_checkpoint(path: str) -> str | None:
        latest = find(path)
        if latest is None or not Path(latest).is_file():  # nothing, a remote file, or a folder
            return latest
        return str(intact_or_earlier(Path(latest)))

    for module in (mmengine_checkpoint, mmengine_runner, flexible_runner):
        module.find_latest_checkpoint = find_intact_checkpoint


def intact_or_earlier(latest: Path) -> Path:
    """Return a checkpoint if it is intact, otherwise the last intact one before it, with a warning.

    Args:
        latest: Existing file. Those before it lie in the same folder and have smaller numbers in
            their names; before a file without a number, such as ``interrupted.pth``, come all
            ``epoch_*.pth`` and ``iter_*.pth``.

    Raises:
        RefusedCheckpointError: If all of them are damaged.
    """
    damage = damage_of(latest)
    if damage is None:
        return latest
    for earlier in _before(latest):
        if damage_of(earlier) is None:
            print_log(
                f'{latest} is damaged ({damage}): resuming from {earlier}, the last intact one',
                'current',
                logging.WARNING,
            )
            return earlier
    raise RefusedCheckpointError(
        f'cannot resume: {latest} is damaged ({damage}), and there is no intact checkpoint before it '
        f'in {latest.parent}. Restore one from a copy, or start anew without --resume'
    )


def _before(latest: Path) -> list[Path]:
    """Return the checkpoints before a given one, the last first."""
    numbered = re.fullmatch(r'(.*?)(\d+)(\D*)', latest.name)
    if numbered:
        prefix, number, suffix = numbered.groups()
        pattern, end = rf'{re.escape(prefix)}(\d+){re.escape(suffix)}', int(number)
    else:
        pattern, end = r'(?:epoch|iter)_(\d+)\.pth', None
    found = [(re.fullmatch(pattern, path.name), path) for path in latest.parent.iterdir()]
    steps = sorted((int(match.group(1)), path) for match, path in found if match and path.is_file())
    return [path for step, path in reversed(steps) if end is None or step < end]
