"""What a model said of each image, beside what is true, as a file: numpy alone."""

from __future__ import annotations

import os
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Predictions:
    """The predictions of one validation.

    Attributes:
        scores: Probabilities, (N, C) float32.
        targets: 1 present, 0 absent, -1 unknown, (N, C) int8.
        names: Of the images, (N,) str.
        classes: Of the classes, (C,) str.
    """

    scores: np.ndarray
    targets: np.ndarray
    names: np.ndarray
    classes: np.ndarray

    def __post_init__(self) -> None:
        shape = (len(self.names), len(self.classes))
        if self.scores.shape != shape or self.targets.shape != shape:
            raise ValueError(
                f'expected scores and targets of shape {shape}, as there are names of images and '
                f'classes, got {self.scores.shape} and {self.targets.shape}'
            )

    def save(self, path: str | os.PathLike) -> None:
        """Writes the file, completely or not at all."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f'.{path.name}.part')
        with part.open('wb') as file:
            np.savez_compressed(
                file,
                scores=self.scores.astype(np.float32),
                targets=self.targets.astype(np.int8),
                names=self.names.astype(str),
                classes=self.classes.astype(str),
            )
        part.replace(path)

    @classmethod
    def load(cls, path: str | os.PathLike) -> Predictions:
        """Reads a file that :meth:`save` wrote; pickled objects are refused.

        Raises:
            ValueError: It is no such file.
        """
        try:
            with Path(path).open('rb') as file, np.load(file, allow_pickle=False) as held:
                return cls(*(held[key] for key in cls.__dataclass_fields__))
        except (EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f'{path} holds no predictions: {error}') from error
