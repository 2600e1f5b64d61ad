from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmpretrain.registry import DATASETS

from ...labels import DataError, LabelError, drop_labels
from ...runtime.unwrap import split_dataset_config
from ...transforms import LoadWholeImage
from ..missing_label import MissingLabelDataset


@dataclass
class Source:
    """The samples of one data set, as far as its label file can be read.

    Attributes:
        split: ``'train'``, ``'val'`` or ``'test'``, with a number where it is made of several sets.
        kind: Class of the data set.
        classes: Names.
        names: N image names.
        paths: N paths; None where the image is no file.
        complete: N label lists before the drop.
        kept: N label lists after it.
        where: Says where the label of a sample stands.
        load: How images are loaded.
        problems: Of the label file.
    """

    split: str
    kind: str
    classes: Sequence[str]
    names: list[str]
    paths: list[str | None]
    complete: list[list[int]]
    kept: list[list[int]]
    where: Callable[[int], str]
    load: LoadWholeImage
    problems: list[DataError]


def read_sources(cfg: Config) -> dict[str, Source | str]:
    """Reads the labels of a config's data sets.

    Args:
        cfg: With a ``train_dataloader``, ``val_dataloader`` or ``test_dataloader``.

    Returns:
        By split, its labels, or the name of an earlier split that is the same.

    Raises:
        Exception: Whatever a data set raises that cannot be built for reasons other than its labels.
    """
    specs: dict[str, dict] = {}
    found: dict[str, Source | str] = {}
    for split in ('train', 'val', 'test'):
        config = (cfg.get(f'{split}_dataloader') or {}).get('dataset')
        plain = [dict(part) for part in split_dataset_config(config)] if config else []
        for number, spec in enumerate(plain, start=1):
            name = split if len(plain) == 1 else f'{split} {number}'
            twin = next((other for other in specs if specs[other] == spec), None)
            found[name] = twin or _read(name, spec)
            specs.setdefault(twin or name, spec)
    return found


def _read(split: str, spec: dict[str, Any]) -> Source:
    dataset = DATASETS.build({**spec, 'lazy_init': True})
    read = _read_ours if isinstance(dataset, MissingLabelDataset) else _read_others
    classes = dataset.metainfo.get('classes') or ()
    source = Source(split, type(dataset).__name__, classes, [], [], [], [], str, _loader(spec), [])
    try:
        read(dataset, source)
    except FileNotFoundError as error:
        place = getattr(dataset, 'ann_file', '') or split
        source.problems.append(LabelError(place, str(error), 'a label file'))
    return source


def _read_ours(dataset: MissingLabelDataset, source: Source) -> None:
    try:
        found, where, source.problems = dataset.examine_labels()
    except LabelError as error:
        source.problems = [error]
        return
    kept = drop_labels(*found, dataset.protocol, dataset.seed)
    paths = [info.get('img_path') for info in dataset.inputs(found.names)]
    part = dataset.chosen(len(paths))
    if source.problems:  # fewer than there should be
        part = [index for index in part if -len(paths) <= index < len(paths)]
    source.names = [found.names[index] for index in part]
    source.paths = [paths[index] for index in part]
    source.complete = [found.labels[index] for index in part]
    source.kept = [kept[index] for index in part]
    source.where = lambda index: where(part[index])


def _read_others(dataset: Any, source: Source) -> None:
    """A data set of MMPretrain or of somebody else, which stops at its first problem."""
    try:
        dataset.full_init()
    except FileNotFoundError:
        raise
    except Exception as error:
        got = f'{type(error).__name__}: {error}'
        source.problems.append(LabelError(dataset.ann_file, got, 'labels that can be read'))
        return
    source.classes = dataset.metainfo.get('classes') or ()  # those of the file
    source.where = lambda index: f'{dataset.ann_file or source.kind}: sample {index}'
    for index in range(len(dataset)):
        info = dataset.get_data_info(index)
        label = info.get('gt_label', [])
        labels = [label] if isinstance(label, int) else list(label)
        path = info.get('img_path')
        wrong = [label for label in labels if label not in range(len(source.classes))]
        if wrong or len(set(labels)) < len(labels):
            expected = f'whole numbers from 0 to {len(source.classes) - 1}, each once'
            source.problems.append(LabelError(source.where(index), f'labels {labels}', expected))
        source.names.append(Path(path).name if path else str(index))
        source.paths.append(path)
        source.complete.append([label for label in labels if label not in wrong])
    source.kept = source.complete


def _loader(spec: dict[str, Any]) -> LoadWholeImage:
    """Loads as the first step of a pipeline does, but strictly."""
    steps = spec.get('pipeline') or [{}]
    options = ('color_type', 'imdecode_backend', 'backend_args')
    return LoadWholeImage(**{key: steps[0][key] for key in options if key in steps[0]})
