"""What MMEngine and the hooks wrote while a run trained: scores, recovery, time, versions."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from ..run_folder import RECOVERY, read_json

SCALARS = '*/vis_data/scalars.json'  # one for each start and resumption of a run


def scalar_files(run_dir: Path) -> list[Path]:
    """Return the files of scalars in a work directory, in the order in which they were written."""
    return sorted(run_dir.glob(SCALARS), key=lambda path: path.parents[1].name)


def read_scores(run_dir: Path) -> list[dict[str, float]]:
    """Read the scores of all validations of a run, in order, across its resumptions.

    A run that was started anew in a used folder replaces the earlier one. A last line that a killed
    process left incomplete is skipped.

    Returns:
        A dict for each validation, with its epoch (or iteration) under ``step``.

    Raises:
        ValueError: If another line is damaged. The message names file and line.
    """
    by_step: dict[int, dict[str, float]] = {}
    for path in scalar_files(run_dir):
        rows = _validations(path)
        if rows:
            by_step = {step: row for step, row in by_step.items() if step < rows[0]['step']}
        by_step |= {row['step']: row for row in rows}
    return list(by_step.values())


def read_recovery(run_dir: Path) -> list[dict[str, Any]]:
    """Read what :class:`~mmpretrain_mlml.LabelRecoveryHook` counted in each epoch of a run.

    Returns:
        A dict for each epoch; an empty list if the run had no such hook.

    Raises:
        ValueError: If the file is damaged.
    """
    path = run_dir / RECOVERY
    return read_json(path)['epochs'] if path.is_file() else []


def training_seconds(run_dir: Path) -> float:
    """Return how long a run trained, over all resumptions since it was last started anew."""
    seconds, first_step = 0.0, None
    for path in scalar_files(run_dir):
        rows = _validations(path)
        if rows:
            if first_step is not None and rows[0]['step'] <= first_step:
                seconds = 0.0  # started anew
            first_step = first_step or rows[0]['step']
        seconds += _seconds(_text_log(path))
    return seconds


def logged_versions(run_dir: Path) -> dict[str, str]:
    """Return the versions that MMEngine wrote into the last log of a run."""
    log = _text_log(scalar_files(run_dir)[-1])
    return {
        name.lower().replace('pytorch', 'torch'): match.group(1)
        for name in ('Python', 'PyTorch', 'MMEngine')
        if (match := re.search(rf'^ +{name}: (\S+)', log, re.MULTILINE))
    }


def _validations(path: Path) -> list[dict[str, Any]]:
    return [row for row in _read_lines(path) if 'multi-label/mAP' in row]


def _read_lines(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text(encoding='utf-8', errors='replace').splitlines()
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError as error:
            if number < len(lines):
                raise ValueError(f'{path}:{number} is damaged: {error}') from error
    return rows


def _text_log(scalars: Path) -> str:
    """Return the text log that lies beside a file of scalars."""
    folder = scalars.parents[1]
    path = folder / f'{folder.name}.log'
    return path.read_text(encoding='utf-8', errors='replace') if path.is_file() else ''


def _seconds(log: str) -> float:
    times = re.findall(r'^(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) ', log, re.MULTILINE)
    if not times:
        return 0.0
    first, last = (datetime.strptime(times[at], '%Y/%m/%d %H:%M:%S') for at in (0, -1))
    return (last - first).total_seconds()
