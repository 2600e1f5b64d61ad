"""The file recovery.json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..files import atomic_write
from ..printable import NAME, first_few

# As in the file. The last two are known with full labels only.
COUNTS = ('images', 'unmarked', 'recovered', 'right', 'missing')


class RecoveryRecord:
    """The labels that a loss recovered in each epoch, in a JSON file that is written atomically.

    ``labels`` holds what :func:`~mmpretrain_mlml.monitoring.label_kinds.label_kinds` returns.
    ``epochs`` holds a dictionary for each epoch: ``epoch`` (1-based), ``images``, then, as lists by
    class, the unobserved entries (``unmarked``), those of them that the loss ``recovered``, those of
    the recovered ones that are truly present (``right``), and all unobserved entries that are truly
    present (``missing``); then the :func:`rates` over all classes. A training that is not resumed
    starts a new file.

    Args:
        path: JSON file.
        classes: Names of the classes.
        done: Number of epochs to keep of an existing file: those done before a run is resumed.

    Raises:
        ValueError: If the file cannot be read, or holds other classes.
    """

    def __init__(self, path: Path, classes: Sequence[str], done: int) -> None:
        self.path = path
        self.labels: Mapping[str, Sequence[int]] = {}
        self._classes = list(classes)
        self.epochs: list[dict[str, Any]] = []
        if done and path.is_file():
            self.epochs = [row for row in self._read() if row['epoch'] <= done]

    def _read(self) -> list[dict[str, Any]]:
        try:
            content = json.loads(self.path.read_text())
            classes, epochs = content['classes'], content['epochs']
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise ValueError(
                f'{self.path} is no record of recovered labels ({error!r}); remove it to continue '
                'without the epochs before this one'
            ) from error
        if classes != self._classes:
            raise ValueError(
                f'{self.path} is of {len(classes)} classes ({first_few(classes, 3, NAME)}), and the '
                f'training set has {len(self._classes)} ({first_few(self._classes, 3, NAME)}): '
                'train in another work_dir'
            )
        return epochs

    def add(self, epoch: int, counts: Mapping[str, Sequence[int]]) -> dict[str, float]:
        """Add an epoch and write the file; later epochs are dropped.

        Args:
            epoch: 1-based epoch.
            counts: Numbers by class for each of ``COUNTS``, or for the first three.

        Returns:
            The :func:`rates` over all classes.
        """
        totals = rates({name: sum(values) for name, values in counts.items()})
        by_class = {name: list(values) for name, values in counts.items() if name != 'images'}
        row = {'epoch': epoch, 'images': counts['images'][0], **by_class, **totals}
        self.epochs = [earlier for earlier in self.epochs if earlier['epoch'] < epoch] + [row]
        content: dict[str, Any] = {'classes': self._classes, 'epochs': self.epochs}
        if self.labels:
            content['labels'] = dict(self.labels)
        with atomic_write(self.path, 'w') as file:
            json.dump(content, file)
        return totals


def rates(sums: Mapping[str, int]) -> dict[str, float]:
    """Return recovered entries, and their share, precision and recall in percent where defined.

    Args:
        sums: Sums over all classes of each of ``COUNTS``, or of some of them.

    >>> rates({'unmarked': 200, 'recovered': 8, 'right': 6, 'missing': 24})
    {'entries': 8, 'share': 4.0, 'precision': 75.0, 'recall': 25.0}
    """
    result: dict[str, float] = {'entries': sums['recovered']}
    for name, part, whole in (
        ('share', 'recovered', 'unmarked'),
        ('precision', 'right', 'recovered'),
        ('recall', 'right', 'missing'),
    ):
        if sums.get(whole) and part in sums:
            result[name] = 100 * sums[part] / sums[whole]
    return result
