"""Writing to the backends of a visualiser."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from mmengine.visualization import LocalVisBackend, Visualizer


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
