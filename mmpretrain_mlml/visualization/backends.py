"""Writing to the backends of a visualiser, which are MMEngine's: files, TensorBoard, W&B, MLflow."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.visualization import (
    LocalVisBackend,
    MLflowVisBackend,
    TensorboardVisBackend,
    Visualizer,
    WandbVisBackend,
)

from ..files import atomic_write
from ..printable import markdown_text

Cell = str | int | float | None


def add_scalars_apart(
    visualizer: Visualizer, scalars: Mapping[str, float], step: int, file_name: str
) -> None:
    """Add scalars to all backends; on local disk, to a file of their own.

    ``LocalVisBackend`` would write them among the lines of training and validation.

    Args:
        visualizer: Visualiser with any backends.
        scalars: Values by name.
        step: Step of the values.
        file_name: JSON file for a local backend, beside its ``scalars.json``; a line is added to it.
    """
    for backend in visualizer._vis_backends.values():
        if isinstance(backend, LocalVisBackend):
            path = Path(backend._save_dir) / file_name
            backend._dump({**scalars, 'step': step}, str(path), 'json')
        else:
            backend.add_scalars(scalars, step=step)


def add_picture(visualizer: Visualizer, name: str, image: np.ndarray, step: int) -> None:
    """Add a picture to all backends.

    MLflow keeps pictures as files and takes the format from the ending of the name. There a picture is
    called ``NAME_STEP.png``, so that that of one epoch does not replace that of another.

    Args:
        visualizer: Visualiser with any backends.
        name: Name of the picture.
        image: Picture, (H, W, 3) uint8, RGB.
        step: Step of the picture.
    """
    for backend in visualizer._vis_backends.values():
        if isinstance(backend, MLflowVisBackend):
            backend.add_image(f'{_file_name(name)}_{step}.png', image, step)
        else:
            backend.add_image(name, image, step)


def add_table(
    visualizer: Visualizer,
    name: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[Cell]],
    step: int,
) -> list[str]:
    """Add a table to all backends that can hold one.

    MMEngine's backends have no tables. TensorBoard gets a text, W&B its own kind of table, and MLflow
    the artifact ``NAME_STEP.csv``, which a local backend writes beside its ``scalars.json``.

    Args:
        visualizer: Visualiser with any backends.
        name: Name of the table, of letters, digits and ``_``.
        columns: Names of the columns.
        rows: Cells of each row; None for one without a value.
        step: Step of the table.

    Returns:
        The classes of the backends that took none.

    Raises:
        OSError: If a file cannot be written.
    """
    left_out = []
    for backend in visualizer._vis_backends.values():
        if isinstance(backend, LocalVisBackend):
            folder = Path(backend._save_dir)
            folder.mkdir(parents=True, exist_ok=True)  # MMEngine makes it when it first writes
            with atomic_write(folder / f'{name}_{step}.csv', 'w') as file:
                file.write(_csv(columns, rows))
        elif isinstance(backend, TensorboardVisBackend):
            backend.experiment.add_text(name, _markdown(columns, rows), step)
        elif isinstance(backend, WandbVisBackend):
            wandb: Any = backend.experiment
            table = wandb.Table(columns=list(columns), data=[list(row) for row in rows])
            wandb.log({name: table}, commit=backend._commit)
        elif isinstance(backend, MLflowVisBackend):
            backend.experiment.log_text(_csv(columns, rows), f'{name}_{step}.csv')
        else:
            left_out.append(type(backend).__name__)
    return left_out


def _csv(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator='\n').writerows([columns, *rows])
    return text.getvalue()


def _markdown(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    lines = [columns, ['---'] * len(columns), *rows]
    shown = [['' if cell is None else cell for cell in line] for line in lines]
    return '\n'.join('| ' + ' | '.join(map(markdown_text, line)) + ' |' for line in shown)


def _file_name(name: str) -> str:
    """Return a name without characters that mean something in a path or an address.

    >>> _file_name('../a #1.jpg')
    '.._a _1.jpg'
    """
    return re.sub(r'[^\w .()+=,@-]', '_', name)
