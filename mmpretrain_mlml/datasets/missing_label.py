from __future__ import annotations

import gc
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import numpy as np
import torch
from mmengine.logging import print_log
from mmpretrain.datasets import MultiLabelDataset

from ..labels import (
    DataError,
    Examination,
    LabelError,
    LabelList,
    drop_labels,
    hide_entries,
)
from ..labels.protocols import check_protocol, check_share
from ..runtime.random_state import seeded


class SampleError(RuntimeError):
    """A sample could not be loaded; says which, and where its label stands."""


class MissingLabelDataset(MultiLabelDataset):
    """Base of data sets whose labels are incomplete, or are made so.

    A subclass reads names and labels (:meth:`read_labels`) and says what the pipeline starts from
    (:meth:`inputs`); this class drops labels and never puts another image in the place of one that
    cannot be loaded.

    Args:
        protocol: Which positive labels to drop: ``'full'`` (none), ``'0.75left'``, ``'0.4left'`` or
            ``'single'``.
        seed: Of the drop.
        unknown: Share of all entries, present and absent alike, that become unknown after that, in
            [0, 1] (random partial labels). Above 0 a sample carries ``gt_score``, (C,) float32: 1
            present, 0 absent, -1 unknown; ``gt_label`` lists what is known to be present.
        **kwargs: As for MMPretrain's ``MultiLabelDataset``.

    Raises:
        ValueError: The protocol is unknown, or ``unknown`` lies outside [0, 1].
    """

    def __init__(
        self, *, protocol: str = 'full', seed: int = 0, unknown: float = 0.0, **kwargs: Any
    ) -> None:
        check_protocol(protocol)
        check_share(unknown)
        self.protocol = protocol
        self.seed = seed
        self.unknown = unknown
        # Seed and epoch of the augmentations, -1 for none; shared, so that workers which live over
        # several epochs see it change.
        self._augmentation = torch.full((2,), -1, dtype=torch.int64).share_memory_()
        super().__init__(**kwargs)

    def read_labels(self) -> LabelList:
        """The labels before any drop."""
        raise NotImplementedError(f'{type(self).__name__} must define read_labels()')

    def examine_labels(self) -> Examination:
        """The labels before any drop, and all that is wrong with them.

        A subclass whose source can be read in part overrides this.
        """
        try:
            found = self.read_labels()
        except LabelError as error:
            return Examination(LabelList([], []), lambda index: '', [error])
        return Examination(found, lambda index: found.names[index], [])

    def inputs(self, names: list[str]) -> list[dict[str, Any]]:
        """What the pipeline starts from for each name, beside ``gt_label``."""
        raise NotImplementedError(f'{type(self).__name__} must define inputs(names)')

    def where(self, info: dict[str, Any]) -> str:
        """Names a sample in an error message."""
        return f'sample {info["sample_idx"]} of {type(self).__name__}'

    def load_data_list(self) -> list[dict[str, Any]]:
        names, labels = self.read_labels()
        kept = drop_labels(names, labels, self.protocol, self.seed)
        counts = sum(map(len, kept)), sum(map(len, labels))
        print_log(
            '{}: {} images, {} of {} labels kept ({}, seed {})'.format(
                type(self).__name__, len(names), *counts, self.protocol, self.seed
            ),
            logger='current',
        )
        data_list = self.inputs(names)
        for info, present in zip(data_list, kept, strict=True):
            info['gt_label'] = present
        if self.unknown:
            self._hide(names, data_list)
        return data_list

    def _hide(self, names: list[str], data_list: list[dict[str, Any]]) -> None:
        hidden = hide_entries(names, len(self.CLASSES), self.unknown, self.seed)
        for info, unknown in zip(data_list, hidden, strict=True):
            score = np.zeros(len(unknown), np.float32)
            score[info['gt_label']] = 1
            score[unknown] = -1
            info['gt_score'] = score
            info['gt_label'] = np.flatnonzero(score == 1).tolist()

    def full_init(self) -> None:
        with _garbage_collector_at_rest():
            super().full_init()

    def _serialize_data(self) -> tuple[np.ndarray, np.ndarray]:
        # What MMEngine's method gives, without making an array of each of 100,000 samples.
        rows = [pickle.dumps(info, protocol=4) for info in self.data_list]
        self.data_list.clear()
        ends = np.cumsum([len(row) for row in rows], dtype=np.int64)
        return np.frombuffer(b''.join(rows), np.uint8), ends

    def complete_labels(self) -> LabelList:
        """The labels before the drop, in the order of the samples; reads the source again."""
        names, labels = self.read_labels()
        part = self.chosen(len(names))
        return LabelList([names[i] for i in part], [labels[i] for i in part])

    def chosen(self, total: int) -> Sequence[int]:
        """Which of ``total`` entries of the source are samples, as ``indices`` says."""
        if self._indices is None:
            return range(total)
        if isinstance(self._indices, int):
            return (
                range(total)[: self._indices]
                if self._indices >= 0
                else range(total)[self._indices :]
            )
        return self._indices

    def seed_samples(self, seed: int, epoch: int) -> None:
        """Lets the random draws of a sample's pipeline follow from seed, epoch and sample alone.

        Args:
            seed: >= 0.
            epoch: 0-based.
        """
        if not self._augmentation.is_shared():  # a copy, as get_subset makes
            self._augmentation.share_memory_()
        self._augmentation.copy_(torch.tensor([seed, epoch]))

    def prepare_data(self, idx: int) -> Any:
        """Runs the pipeline on a sample.

        Raises:
            SampleError: The pipeline failed or gave nothing. (MMEngine would take another image.)
        """
        seed, epoch = self._augmentation.tolist()
        with nullcontext() if seed < 0 else seeded(seed, epoch, idx):
            return self._prepare(idx)

    def _prepare(self, idx: int) -> Any:
        try:
            data = super().prepare_data(idx)
        except Exception as error:
            # the path that a DataError begins with is in where() already
            reason = error.finding if isinstance(error, DataError) else error
            raise SampleError(f'{self.where(self.get_data_info(idx))}: {reason}') from error
        if data is None:
            raise SampleError(f'{self.where(self.get_data_info(idx))}: a transform returned None')
        return data

    def extra_repr(self) -> list[str]:
        drop = f'{self.protocol}, {self.unknown:.0%} unknown, seed {self.seed}'
        return [*super().extra_repr(), f'Protocol: \t{drop}']


@contextmanager
def _garbage_collector_at_rest() -> Iterator[None]:
    """Keeps the collector from walking torch's millions of objects while many small ones are made.

    What somebody else froze before is thawed with the rest: it costs them time, nothing more. (To ask
    how much is frozen takes a walk over all of it.)
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
