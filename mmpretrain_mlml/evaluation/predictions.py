"""Predictions and targets of a data set, as a file."""

from __future__ import annotations

import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..files import atomic_write


@dataclass(frozen=True)
class Predictions:
    """Predictions and targets of a validation.

    Attributes:
        scores: Probabilities, (N, C), saved as float32.
        targets: 1 for present, 0 for absent, -1 for unobserved, (N, C), saved as int8.
        names: Image names, (N,), str.
        classes: Class names, (C,), str.

    Raises:
        ValueError: If shapes do not fit.
    """

    scores: np.ndarray
    targets: np.ndarray
    names: np.ndarray
    classes: np.ndarray

    def __post_init__(self) -> None:
        shape = (len(self.names), len(self.classes))
        if self.scores.shape != shape or self.targets.shape != shape:
            raise ValueError(
                f'expected scores and targets of shape {shape}, the numbers of image names and class '
                f'names, got {self.scores.shape} and {self.targets.shape}'
            )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file, completely or not at all.

        Args:
            path: File to write (.npz). Missing folders are made.

        Raises:
            OSError: If the file cannot be written.
        """
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as file:
            np.savez_compressed(
                file,
                scores=self.scores.astype(np.float32, copy=False),
                targets=self.targets.astype(np.int8, copy=False),
                names=self.names.astype(str),
                classes=self.classes.astype(str),
            )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Predictions:
        """Read a file that :meth:`save` wrote. Pickled objects are refused.

        Args:
            path: File to read (.npz).

        Raises:
            ValueError: If the file is not of this kind.
        """
        try:
            with Path(path).open('rb') as file:
                if not zipfile.is_zipfile(file):  # numpy would advise to load it with pickle
                    raise ValueError('it is no complete .npz file')
                file.seek(0)
                with np.load(file, allow_pickle=False) as arrays:
                    return cls(*(arrays[key] for key in cls.__dataclass_fields__))
        except (EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(
                f'{path} holds no predictions: {error}; expected a file of MultiLabelScores(out=...)'
            ) from error
