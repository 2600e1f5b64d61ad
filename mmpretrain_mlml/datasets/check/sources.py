"""Labels and image paths of a config's data sets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmpretrain.registry import DATASETS

from ...labels import LabelError, LabelList
from ...runtime.unwrap import split_dataset_config
from ...transforms.load_whole_image import LoadWholeImage
from ..missing_label import MissingLabelDataset
from ..statistics import LabelKinds, count_kinds


@dataclass
class Source:
    """Samples of a data set, as far as its labels can be read.

    Attributes:
        split: ``'train'``, ``'val'`` or ``'test'``, with a number if it consists of several data sets.
        kind: Class of the data set.
        classes: Class names.
        load: Loader of its images.
        names: N image names.
        paths: N paths, None for an image that is not a file.
        complete: N label lists before dropping.
        kept: N label lists after dropping.
        kinds: Numbers of present, absent and unobserved entries by class, after dropping; None if the
            labels could not be read.
        where: Returns where the label of a sample stands.
        problems: Problems of the labels.
    """

    split: str
    kind: str
    classes: Sequence[str]
    load: LoadWholeImage
    names: list[str] = field(default_factory=list)
    paths: list[str | None] = field(default_factory=list)
    complete: list[list[int]] = field(default_factory=list)
    kept: list[list[int]] = field(default_factory=list)
    kinds: LabelKinds | None = None
    where: Callable[[int], str] = str
    problems: list[LabelError] = field(default_factory=list)


def read_sources(cfg: Config) -> dict[str, Source | str]:
    """Read the labels of a config's data sets.

    Args:
        cfg: Config with a ``train_dataloader``, ``val_dataloader`` or ``test_dataloader``.

    Returns:
        Source by split, or the name of an earlier split with the same data set.

    Raises:
        Exception: If a data set cannot be built, for reasons other than its labels.
    """
    specs: dict[str, dict[str, Any]] = {}
    sources: dict[str, Source | str] = {}
    for split in ('train', 'val', 'test'):
        config = (cfg.get(f'{split}_dataloader') or {}).get('dataset')
        parts = [dict(part) for part in split_dataset_config(config)] if config else []
        for number, spec in enumerate(parts, start=1):
            name = split if len(parts) == 1 else f'{split} {number}'
            twin = next((other for other in specs if specs[other] == spec), None)
            sources[name] = twin or _read(name, spec)
            specs.setdefault(twin or name, spec)
    return sources


def _read(split: str, spec: dict[str, Any]) -> Source:
    dataset = DATASETS.build({**spec, 'lazy_init': True})
    classes = dataset.metainfo.get('classes') or ()
    source = Source(split, type(dataset).__name__, classes, _loader(spec))
    read = _read_missing_label if isinstance(dataset, MissingLabelDataset) else _read_other
    try:
        read(dataset, source)
    except LabelError as error:
        source.problems.append(error)
    except FileNotFoundError as error:
        location = getattr(dataset, 'ann_file', '') or split
        source.problems.append(LabelError(location, str(error), 'a label file'))
    return source


def _read_missing_label(dataset: MissingLabelDataset, source: Source) -> None:
    """Read a data set of this package, with all problems of its labels."""
    (names, labels), location_of, source.problems = dataset.load_labels()
    table = dataset.incomplete_table(LabelList(names, labels))
    paths = [info.get('img_path') for info in dataset.inputs(names)]
    positions = dataset.chosen(len(names))
    if source.problems:  # unreadable entries are missing
        positions = [index for index in positions if -len(names) <= index < len(names)]
    source.names = [names[index] for index in positions]
    source.paths = [paths[index] for index in positions]
    source.complete = [labels[index] for index in positions]
    table = table.take([index % max(len(names), 1) for index in positions])
    source.kept = list(table.positive_lists)
    source.kinds = LabelKinds(*table.counts())
    source.where = lambda index: location_of(positions[index])


def _read_other(dataset: Any, source: Source) -> None:
    """Read a data set of MMPretrain or a third party, which stops at its first problem."""
    try:
        dataset.full_init()
    except FileNotFoundError:
        raise
    except Exception as error:
        got = f'{type(error).__name__}: {error}'
        raise LabelError(dataset.ann_file, got, 'labels that can be read') from error
    source.classes = dataset.metainfo.get('classes') or ()  # as the file sets them
    source.where = lambda index: f'{dataset.ann_file or source.kind}: sample {index}'
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        label = info.get('gt_label', [])
        labels = [label] if isinstance(label, int) else list(label)
        path = info.get('img_path')
        invalid = [label for label in labels if label not in range(len(source.classes))]
        if invalid or len(set(labels)) < len(labels):
            expected = f'whole numbers from 0 to {len(source.classes) - 1}, each once'
            source.problems.append(LabelError(source.where(index), f'labels {labels}', expected))
        source.names.append(Path(path).name if path else str(index))
        source.paths.append(path)
        source.complete.append([label for label in labels if label not in invalid])
    source.kept = source.complete
    if source.classes and not source.problems:
        source.kinds = count_kinds(dataset)


def _loader(spec: dict[str, Any]) -> LoadWholeImage:
    """Return a strict loader with the options of the loader that a pipeline begins with."""
    steps = spec.get('pipeline') or [{}]
    options = ('color_type', 'imdecode_backend', 'backend_args')
    return LoadWholeImage(**{key: steps[0][key] for key in options if key in steps[0]})
