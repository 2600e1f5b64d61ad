"""Base class of data sets with missing labels."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from mmengine.logging import print_log
from mmpretrain.datasets import MultiLabelDataset

from ..labels import DataError, LabelList, ParsedLabels, drop_labels
from ..labels.label_table import ABSENT, UNOBSERVED, LabelTable
from ..labels.protocols import (
    RPS,
    PaperRule,
    apply_protocols,
    build_protocols,
    check_share,
)
from ..labels.protocols.building import ProtocolSpec
from ..runtime.garbage_collection import paused_garbage_collector
from ..runtime.random_state import seeded
from ..transforms.cached_steps import cache_first_steps
from .deprecated_methods import DeprecatedLabelMethods
from .targets import add_target


class SampleError(RuntimeError):
    """A sample cannot be loaded. The message names it and says where its label stands."""


class MissingLabelDataset(DeprecatedLabelMethods, MultiLabelDataset):
    """Base class of data sets whose labels are incomplete, or are made incomplete.

    A subclass defines :meth:`load_labels`. :meth:`load_data_list` turns its result into samples. A
    sample that cannot be loaded raises an error; no other image is substituted.

    Packed samples always carry their target as ``gt_score``, (C,) float32: 1 present, 0 absent, -1
    unobserved. ``gt_label`` lists the classes that are observed to be present. If the source of a data
    set for tests (``test_mode``) has no label at all, its images are not labelled: every entry is
    unobserved.

    Args:
        protocol: How labels are made incomplete: ``'full'`` (not at all), ``'0.75left'``,
            ``'0.4left'`` or ``'single'``; another protocol of :mod:`mmpretrain_mlml.labels.protocols`
            as a config, ``dict(type='Bernoulli', keep=0.4)``, or as text, ``'Bernoulli(keep=0.4)'``;
            or a list of these, which are applied one after another. A relative path in it is
            relative to ``data_root``.
        seed: Seed for dropping labels and hiding entries.
        unknown: Share of all entries, positive and negative alike, that become unobserved after
            labels were dropped, in [0, 1]: a last protocol ``RPS``.
        image_cache: Folder that keeps loaded and resized images for the next epochs and runs, or a
            dict with ``folder`` and ``gigabytes``, as for
            :class:`~mmpretrain_mlml.transforms.CachedSteps`.
        **kwargs: As for MMPretrain's ``MultiLabelDataset``.

    Raises:
        ValueError: If a protocol is unknown or its arguments are wrong, or ``unknown`` lies outside
            [0, 1]; or ``image_cache`` is given and the pipeline does not begin with loading and
            resizing.
    """

    def __init__(
        self,
        *,
        protocol: ProtocolSpec = 'full',
        seed: int = 0,
        unknown: float = 0.0,
        image_cache: str | dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        check_share(unknown)
        self.protocol = protocol
        self.protocols = build_protocols(protocol, kwargs.get('data_root') or '')
        self.seed = seed
        self.unknown = unknown
        # Seed and epoch of the augmentations, -1 for none. In shared memory, so that workers that
        # live for several epochs see the changes.
        self._augmentation = torch.full((2,), -1, dtype=torch.int64).share_memory_()
        if image_cache is not None:
            kwargs['pipeline'] = cache_first_steps(kwargs.get('pipeline') or (), image_cache)
        super().__init__(**kwargs)

    def load_labels(self) -> ParsedLabels:
        """Parse the labels of the source, before any are dropped.

        Problems of the labels belong in the result; they do not raise here.

        Raises:
            FileNotFoundError: If there is no such source.
        """
        raise NotImplementedError(f'{type(self).__name__} must define load_labels()')

    def inputs(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Return what the pipeline starts from for each image, without labels.

        By default this is ``img_path``, the name of the image under ``data_prefix``. Override it if
        images are not files.

        Args:
            names: N image names.
        """
        folder = f'{self.img_prefix}/' if self.img_prefix else ''
        return [{'img_path': folder + name} for name in names]

    def where(self, info: dict[str, Any]) -> str:
        """Return how an error message names a sample.

        Args:
            info: The sample, as :meth:`get_data_info` gives it.
        """
        return f'sample {info["sample_idx"]} of {type(self).__name__}'

    def load_data_list(self) -> list[dict[str, Any]]:
        """Return the samples: parsed labels without problems, some dropped, some entries hidden.

        Raises:
            LabelError: If the labels have problems; the first of them.
        """
        labels = self.load_labels().require_no_problems()
        samples = self.inputs(labels.names)
        rule = self.protocols[0] if len(self.protocols) == 1 and not self.unknown else None
        if isinstance(rule, PaperRule):  # without a table, which takes longer
            kept = drop_labels(*labels, rule.name, self.seed)
        else:
            table = self.incomplete_table(labels)
            kept = list(table.positive_lists)
            if table.has_unobserved:
                for row, sample in enumerate(samples):
                    sample['gt_score'] = table.target(row)
        for sample, present in zip(samples, kept, strict=True):
            sample['gt_label'] = present
        if self.test_mode and not any(labels.labels):  # nobody has labelled them
            unobserved = np.full(len(self.CLASSES or ()), UNOBSERVED, np.float32)
            for sample in samples:
                sample['gt_score'] = unobserved
        print_log(
            f'{type(self).__name__}: {len(kept)} images, {sum(map(len, kept))} of '
            f'{sum(map(len, labels.labels))} labels kept ({self.protocol_text}, seed {self.seed})',
            logger='current',
        )
        return samples

    def incomplete_table(self, labels: LabelList | None = None) -> LabelTable:
        """Return the labels that the protocols leave of those of the source.

        Args:
            labels: Names and positive labels of the source; None to parse it.
        """
        last = (RPS(self.unknown),) if self.unknown else ()
        steps = (*self.protocols, *last)
        return apply_protocols(self.complete_table(labels), steps, self.seed)

    def complete_table(self, labels: LabelList | None = None) -> LabelTable:
        """Return the labels of the source as a table, before any protocol; here 0 is the rest.

        Args:
            labels: As for :meth:`incomplete_table`.
        """
        labels = labels or self.load_labels().require_no_problems()
        positives = [sorted(present) for present in labels.labels]
        table = LabelTable.from_positives(labels.names, positives, self.CLASSES, ABSENT)
        return replace(table, source=self.ann_file)

    @property
    def protocol_text(self) -> str:
        """The protocols, such as ``'0.4left, FalsePositives(share=0.01)'``."""
        return ', '.join(map(str, self.protocols))

    def full_init(self) -> None:
        """Load the samples, as MMEngine's data sets do."""
        with paused_garbage_collector():
            super().full_init()

    def _serialize_data(self) -> tuple[np.ndarray, np.ndarray]:
        # The result of MMEngine's method, without an array for each of 100,000 samples.
        rows = [pickle.dumps(info, protocol=4) for info in self.data_list]
        self.data_list.clear()
        ends = np.cumsum([len(row) for row in rows], dtype=np.int64)
        return np.frombuffer(b''.join(rows), np.uint8), ends

    def complete_labels(self) -> LabelList:
        """Return the labels before any were dropped, in the order of the samples.

        This parses the source again.
        """
        names, labels = self.load_labels().require_no_problems()
        positions = self.chosen(len(names))
        return LabelList([names[i] for i in positions], [labels[i] for i in positions])

    def chosen(self, total: int) -> Sequence[int]:
        """Return the positions of the samples in the source, which ``indices`` selects.

        Args:
            total: Number of images in the source.
        """
        if self._indices is None:
            return range(total)
        if isinstance(self._indices, int):
            part = slice(self._indices) if self._indices >= 0 else slice(self._indices, None)
            return range(total)[part]
        return self._indices

    def seed_samples(self, seed: int, epoch: int) -> None:
        """Make the random draws of the pipeline depend on seed, epoch and sample only.

        Args:
            seed: Seed, >= 0.
            epoch: Epoch, 0-based.
        """
        if not self._augmentation.is_shared():  # in a copy, such as get_subset makes
            self._augmentation.share_memory_()
        self._augmentation.copy_(torch.tensor([seed, epoch]))

    def prepare_data(self, idx: int) -> Any:
        """Run the pipeline on a sample, and add the target of a packed sample.

        Args:
            idx: Position of the sample.

        Raises:
            SampleError: If the pipeline fails or returns None, for which MMEngine would substitute
                another image; or if a label is not among the classes.
        """
        seed, epoch = self._augmentation.tolist()
        with nullcontext() if seed < 0 else seeded(seed, epoch, idx):
            return self._run_pipeline(idx)

    def _run_pipeline(self, idx: int) -> Any:
        try:
            data = super().prepare_data(idx)
            if self.CLASSES:
                add_target(data, len(self.CLASSES))
        except Exception as error:
            # where() already holds the path that a DataError begins with
            reason = error.finding if isinstance(error, DataError) else error
            raise SampleError(f'{self.where(self.get_data_info(idx))}: {reason}') from error
        if data is None:
            raise SampleError(f'{self.where(self.get_data_info(idx))}: a transform returned None')
        return data

    def extra_repr(self) -> list[str]:
        """Return the lines that this class adds to the ``repr`` of a data set."""
        dropped = f'{self.protocol_text}, {self.unknown:.0%} unobserved, seed {self.seed}'
        return [*super().extra_repr(), f'Protocol: \t{dropped}']
