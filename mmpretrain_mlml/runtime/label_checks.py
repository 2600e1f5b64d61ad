"""Checks of the labels and class names that meet in a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mmengine.runner import Runner

from .config_keys import ConfigError
from .models import all_modules
from .unwrap import unwrap_dataset

SPLITS = ('train', 'val', 'test')


def check_class_names(runner: Runner) -> None:
    """Raise ConfigError unless all data sets have the same class names in the same order."""
    named = {place: dataset.metainfo['classes'] for place, dataset in _classified(runner)}
    if not named:
        return
    (first, classes), *others = named.items()
    for place, other in others:
        if difference := class_difference(classes, other):
            raise ConfigError(
                f'the data sets have different classes: {difference.format(first, place)}; give each '
                "the same list, such as classes='classes.txt'"
            )


def check_checkpoint_classes(runner: Runner, checkpoint: Mapping[str, Any]) -> None:
    """Compare the classes that a checkpoint was trained on with those of the data sets.

    Raises:
        ConfigError: If they differ and the run tests the checkpoint, or resumes from it. A training
            that starts from its weights may have other classes.
    """
    meta = checkpoint.get('meta')
    trained = (meta.get('dataset_meta') or {}).get('classes') if isinstance(meta, Mapping) else None
    trains = any(name == 'train' for name, _, _ in _datasets(runner))
    starts = trains and not runner._resume
    if starts or not isinstance(trained, Sequence) or isinstance(trained, str):
        return
    for place, dataset in _classified(runner):
        if difference := class_difference(trained, dataset.metainfo['classes']):
            found = difference.format('the checkpoint', place)
            raise ConfigError(f'the checkpoint was trained on other classes: {found}')


def check_observed(runner: Runner) -> None:
    """Raise ConfigError if all labels that count are positive.

    This is so for a table of tags whose other entries are unobserved, if the loss ignores them, or if
    scores are to be computed.
    """
    for name, place, dataset in _datasets(runner):
        count = getattr(unwrap_dataset(dataset), 'counts', None)
        if count is None:
            continue
        present, absent, unobserved = (int(number.sum()) for number in count())
        if absent or not present or not unobserved:
            continue
        if name != 'train':
            raise ConfigError(
                f'{place} has {present} labels that are present and none that is absent: any scores '
                f"would be perfect. Set {place}.unlisted='absent', or list what is absent"
            )
        losses = [m for m in all_modules(runner) if getattr(m, 'unknown', None) == 'ignore']
        if losses:
            raise ConfigError(
                f'{place} has no label that is absent, and {type(losses[0]).__name__} ignores what is '
                'unobserved: it would learn from positives alone. Set model.head.loss.unknown='
                f"'unobserved' (or 'negative'), or {place}.unlisted='absent'"
            )


def class_difference(one: Sequence[str], other: Sequence[str]) -> str:
    """Return how two class lists differ, with ``{}`` for their owners; empty if they are equal.

    >>> class_difference(['cat', 'dog'], ['cat', 'owl'])
    "{} has 'dog' at position 1, {} 'owl'"
    """
    if list(one) == list(other):
        return ''
    if len(one) != len(other):
        return f'{{}} has {len(one)}, {{}} {len(other)}'
    at = next(number for number, pair in enumerate(zip(one, other)) if pair[0] != pair[1])
    names = (repr(names[at]).replace('{', '{{').replace('}', '}}') for names in (one, other))
    return f'{{}} has {next(names)} at position {at}, {{}} {next(names)}'


def _datasets(runner: Runner) -> Iterator[tuple[str, str, Any]]:
    for name in SPLITS:
        dataloader = getattr(getattr(runner, f'_{name}_loop'), 'dataloader', None)
        dataset = getattr(dataloader, 'dataset', None)
        if dataset is not None:
            yield name, f'{name}_dataloader.dataset', dataset


def _classified(runner: Runner) -> Iterator[tuple[str, Any]]:
    for _, place, dataset in _datasets(runner):
        if getattr(dataset, 'metainfo', {}).get('classes') is not None:
            yield place, dataset
