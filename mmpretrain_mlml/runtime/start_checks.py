"""Check what a runner has built, before the first step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import Runner, ValLoop
from mmpretrain.models.heads import MultiLabelClsHead

from .config_keys import ConfigError, suggestion
from .label_checks import check_checkpoint_classes, check_class_names, check_observed
from .unwrap import unwrap_model


class StartChecks(Hook):
    """Refuses a run whose parts do not fit together. The tools add it to their runners.

    Raises:
        ConfigError: Before the run, if the data sets, the multi-label head and the preprocessor have
            different classes, if all labels that count are positive, or if ``save_best`` names no
            score of the evaluator; on loading a checkpoint, if it was trained on other classes.
    """

    def before_run(self, runner: Runner) -> None:
        check_class_counts(runner)
        check_class_names(runner)
        check_observed(runner)
        check_save_best(runner)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        check_checkpoint_classes(runner, checkpoint)


def check_class_counts(runner: Runner) -> None:
    """Raise ConfigError unless data sets, multi-label head and preprocessor agree on the classes."""
    head: Any = getattr(unwrap_model(runner.model), 'head', None)
    head = head and unwrap_model(head)
    counts = dict(_dataset_classes(runner))
    if not counts or not isinstance(head, MultiLabelClsHead):
        return
    if len(set(counts.values())) > 1:
        listed = ', '.join(f'{count} in {place}' for place, count in counts.items())
        raise ConfigError(
            f'the data sets have different numbers of classes ({listed}): set metainfo.classes of '
            'each to the same names'
        )
    (classes,) = set(counts.values())
    other = {place: n for place, n in _model_classes(runner, head).items() if n != classes}
    if other:
        listed = ', '.join(f'{place} {count}' for place, count in other.items())
        raise ConfigError(
            f'{next(iter(counts))} has {classes} classes, {listed}: set '
            + ' '.join(f'{place}.num_classes={classes}' for place in other)
        )


def check_save_best(runner: Runner) -> None:
    """Raise ConfigError if ``save_best`` names no score of the evaluator.

    Metrics say what they give in ``metric_names``; with another metric nothing is checked.
    """
    loop = runner._val_loop
    metrics = getattr(getattr(loop, 'evaluator', None), 'metrics', [])
    if not metrics or not all(hasattr(metric, 'metric_names') for metric in metrics):
        return
    known = [name for metric in metrics for name in metric.metric_names]
    if type(loop) is not ValLoop:
        known += [f'raw/{name}' for name in known]  # RawAndAveragedValLoop
    for hook in runner.hooks:
        keys = hook.save_best or [] if isinstance(hook, CheckpointHook) else []
        for key in keys:
            if key != 'auto' and key not in known:
                same = [name for name in known if name.lower().endswith(f'/{key.lower()}')]
                hint = suggestion(same[0] if same else key, known) or '.'
                raise ConfigError(
                    f'save_best={key!r} is no score of val_evaluator{hint} It gives '
                    + ', '.join(known)
                )


def _dataset_classes(runner: Runner) -> Iterator[tuple[str, int]]:
    for name in ('train', 'val', 'test'):
        dataloader = getattr(getattr(runner, f'_{name}_loop'), 'dataloader', None)
        classes = getattr(getattr(dataloader, 'dataset', None), 'metainfo', {}).get('classes')
        if classes is not None:
            yield f'{name}_dataloader.dataset', len(classes)


def _model_classes(runner: Runner, head: Any) -> dict[str, int]:
    """Return the numbers of classes that the config sets, by the key that holds ``num_classes``."""
    model = runner.cfg.get('model') or {}
    inside = 'num_classes' in (model.get('data_preprocessor') or {})
    preprocessor = getattr(unwrap_model(runner.model), 'data_preprocessor', None)
    counts = {
        'model.head': getattr(head, 'num_classes', None),
        f'{"model." if inside else ""}data_preprocessor': getattr(
            preprocessor, 'num_classes', None
        ),
    }
    return {place: count for place, count in counts.items() if count is not None}
