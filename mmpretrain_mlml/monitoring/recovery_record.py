from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..repairs.atomic_backend import AtomicLocalBackend

COUNTS = ('images', 'unmarked', 'recovered', 'right', 'missing')  # the last two with full labels


class RecoveryRecord:
    """What a loss recovered in each epoch, in a JSON file that is at any moment whole.

    ``epochs`` holds one record each: ``epoch`` (1-based), ``images``, then by class how many entries
    were ``unmarked``, how many of these the loss ``recovered``, how many of those are ``right`` and
    how many unmarked entries are truly present (``missing``); last what :func:`rates` says of their
    sums. A training that starts anew starts the file anew.

    Args:
        path: Of the file.
        classes: Names of the classes.
        done: Epochs to keep of a file that is there; a resumed run has done so many.

    Raises:
        ValueError: The file cannot be read, or is one of other classes.
    """

    def __init__(self, path: Path, classes: Sequence[str], done: int) -> None:
        self.path = path
        self._classes = list(classes)
        self.epochs: list[dict[str, Any]] = []
        if done and path.is_file():
            self.epochs = [one for one in self._read() if one['epoch'] <= done]

    def _read(self) -> list[dict[str, Any]]:
        try:
            content = json.loads(self.path.read_text())
            classes, epochs = content['classes'], content['epochs']
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise ValueError(
                f'{self.path} is no record of recovered labels ({error!r}); remove it to go on '
                'without the epochs before this one'
            ) from error
        if classes != self._classes:
            raise ValueError(
                f'{self.path} is of {len(classes)} classes, {classes[:3]} ..., and the training set '
                f'has {len(self._classes)}, {self._classes[:3]} ...: train in another work_dir'
            )
        return epochs

    def add(self, epoch: int, counts: Mapping[str, Sequence[int]]) -> dict[str, float]:
        """Adds an epoch (1-based) and writes the file.

        Args:
            epoch: 1-based.
            counts: Some of ``COUNTS``, numbers by class.

        Returns:
            What :func:`rates` says.
        """
        found = rates({name: sum(values) for name, values in counts.items()})
        by_class = {name: list(values) for name, values in counts.items() if name != 'images'}
        row = {'epoch': epoch, 'images': counts['images'][0], **by_class, **found}
        self.epochs = [one for one in self.epochs if one['epoch'] < epoch] + [row]
        content = {'classes': self._classes, 'epochs': self.epochs}
        AtomicLocalBackend().put(json.dumps(content).encode(), self.path)
        return found


def rates(sums: Mapping[str, int]) -> dict[str, float]:
    """What counts over all classes come to: entries, and shares in percent as far as they exist.

    >>> rates({'unmarked': 200, 'recovered': 8, 'right': 6, 'missing': 24})
    {'entries': 8, 'share': 4.0, 'precision': 75.0, 'recall': 25.0}
    """
    found: dict[str, float] = {'entries': sums['recovered']}
    for name, part, whole in (
        ('share', 'recovered', 'unmarked'),
        ('precision', 'right', 'recovered'),
        ('recall', 'right', 'missing'),
    ):
        if sums.get(whole) and part in sums:
            found[name] = 100 * sums[part] / sums[whole]
    return found
