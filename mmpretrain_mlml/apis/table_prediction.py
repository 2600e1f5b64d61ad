"""Predictions of many images as a table of tags."""

from __future__ import annotations

import hashlib
import os
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dist import barrier, broadcast_object_list, get_rank, get_world_size

from ..labels import LabelTable, TextArray, write_tag_table
from ..version import __version__
from .images import each_image
from .inferencer import MultiLabelInferencer, TaggedImage
from .loading import in_batches
from .prediction_record import Entry, PredictionRecord

_BLOCK = 4096  # names that are encoded together


@dataclass(frozen=True)
class TablePrediction:
    """What came of a prediction.

    Attributes:
        images: Number of images in the table.
        tags: Number of their tags.
        broken: Number of images that could not be read, and are left out.
    """

    images: int
    tags: int
    broken: int


def predict_table(
    tagger: MultiLabelInferencer,
    inputs: Sequence[str | os.PathLike[str]],
    out: Path,
    relative_to: Path = Path(),
    *,
    batch_size: int = 16,
    on_error: str = 'report',
    topk: int | None = None,
    workers: int = 0,
    each: Callable[[list[TaggedImage]], None] | None = None,
) -> TablePrediction:
    """Predict the tags of images and write a table of tags, which can be read as labels.

    Results are recorded in the folder ``OUT.progress`` beside the table. A call that was stopped,
    however it was, resumes when it is repeated, with any number of processes, and writes the same
    table as one that was not. Memory does not grow with the number of images, except by their
    names and tags at the end, when the table is written.

    Processes of an initialised process group share the batches; all of them must see the same folder.

    Args:
        tagger: Model.
        inputs: Files, folders and patterns.
        out: Table to write, in a format of :func:`~mmpretrain_mlml.labels.write_tag_table`.
        relative_to: Folder to which image names are relative in the table.
        batch_size: As for a call of the model.
        on_error: As for a call of the model.
        topk: As for a call of the model.
        workers: As for a call of the model.
        each: Called with the results of each batch, before they are recorded.

    Returns:
        Numbers of images and tags, the same in each process.

    Raises:
        FileExistsError: If the table exists.
        ValueError: If an image lies outside the folder, is given twice or has a name that is not
            UTF-8, the record is of another run, or no image can be read.
        RuntimeError: If a call of the model raises an error. What was done is kept.
    """
    if out.exists():
        raise FileExistsError(f'{out} exists: give another name')
    options = {'batch size': batch_size, 'topk': topk}
    with closing(PredictionRecord(out.with_name(f'{out.name}.progress'))) as record:
        mine = _Batches(inputs, batch_size)
        results = tagger.predict_batches(mine, on_error, topk, workers)
        if get_rank() == 0:
            names = _name_digest(inputs, relative_to)
            record.open({**names, **options, **_model_digest(tagger)})
        barrier()
        mine.done = record.done()
        index_of = {name: index for index, name in enumerate(tagger.classes)}
        try:
            for number, batch in zip(mine.numbers(), results):
                if each is not None:
                    each(batch)
                record.add(number, [_entry(one, relative_to, index_of) for one in batch])
        except (OSError, ValueError) as error:
            raise RuntimeError(
                f'{error}; what was done is kept in {record.folder}: repeat the command to resume'
            ) from error
        barrier()
        done: list[Any] = [None]
        if get_rank() == 0:
            done = [_write(record, out, tagger.classes)]
            record.remove()
    broadcast_object_list(done)
    result: TablePrediction = done[0]
    return result


def table_name(path: str | os.PathLike[str], folder: Path) -> str:
    """Return the name of an image in a table: a path inside the folder, as readers expect it.

    Raises:
        ValueError: If the image lies outside the folder, or its name is not UTF-8.
    """
    name = Path(os.path.relpath(path, folder))
    if name.parts[:1] == (os.pardir,):
        raise ValueError(f'{path} does not lie in {folder.absolute()}: give --relative-to')
    text = name.as_posix()
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f'{path!r}: the name is not UTF-8, which a table cannot hold') from error
    return text


class _Batches(Iterable[list[tuple[str, Any]]]):
    """The batches of this process that are not done yet."""

    def __init__(self, inputs: Any, size: int) -> None:
        self._inputs, self._size = inputs, size
        self.done: set[int] = set()

    def __iter__(self) -> Iterator[list[tuple[str, Any]]]:
        for number, batch in enumerate(in_batches(each_image(self._inputs), self._size)):
            if self._is_mine(number):
                yield batch

    def numbers(self) -> Iterator[int]:
        """Yield the numbers of the batches, without an end."""
        number = 0
        while True:
            if self._is_mine(number):
                yield number
            number += 1

    def _is_mine(self, number: int) -> bool:
        return number % get_world_size() == get_rank() and number not in self.done


def _entry(one: TaggedImage, folder: Path, index_of: dict[str, int]) -> Entry:
    name = table_name(one.name, folder)
    if one.error is not None:
        return Entry(name, None, one.error)
    return Entry(name, sorted(index_of[tag] for tag in one.tags), None)


def _write(record: PredictionRecord, out: Path, classes: Sequence[str]) -> TablePrediction:
    parts, names = [], []
    indices, ends, broken = array('i'), array('q', [0]), 0
    for entry in record.entries():
        if entry.tags is None:
            broken += 1
            continue
        names.append(entry.name)
        indices.extend(entry.tags)
        ends.append(len(indices))
        if len(names) == _BLOCK:
            parts.append(TextArray.from_strings(names))
            names.clear()
    if len(ends) == 1:
        record.remove()  # they are tried again
        raise ValueError(f'none of {broken} images could be read: {out} is not written')
    table = LabelTable(
        TextArray.concatenate([*parts, TextArray.from_strings(names)]),
        tuple(classes),
        np.frombuffer(ends, np.int64),
        np.frombuffer(indices, np.int32) if indices else np.zeros(0, np.int32),
        np.ones(len(indices), np.int8),
    )
    write_tag_table(out, table)
    return TablePrediction(len(table), len(indices), broken)


def _name_digest(inputs: Any, folder: Path) -> dict[str, Any]:
    """Return what identifies the images: their number and a digest of their names."""
    digest, seen = hashlib.sha256(), set()
    for path, _ in each_image(inputs):
        name = table_name(path, folder).encode()
        digest.update(name + b'\0')
        short = hash(name)
        if short in seen:
            raise ValueError(f'{path}: this image is given twice')
        seen.add(short)
    return {'images': [len(seen), digest.hexdigest()]}


def _model_digest(tagger: MultiLabelInferencer) -> dict[str, Any]:
    """Return what identifies a model: digests of its weights and config, classes, thresholds."""
    weights = hashlib.sha256()
    for name, value in tagger.model.state_dict().items():
        weights.update(name.encode())
        weights.update(value.detach().cpu().reshape(-1).view(torch.uint8).numpy().data)
    keys = ('model', 'test_dataloader')
    config = repr([tagger.cfg[key].to_dict() for key in keys]).encode()
    return {
        'weights': weights.hexdigest(),
        'config': hashlib.sha256(config).hexdigest(),
        'classes': list(tagger.classes),
        'thresholds': tagger.thresholds.tolist(),
        'version': __version__,
    }
