from __future__ import annotations

from typing import Any

from mmengine.runner import Runner
from mmpretrain.registry import HOOKS

from ...runtime.models import averaged_models
from ..reliability.safe_checkpoint_hook import SafeCheckpointHook


@HOOKS.register_module()
class BestWeightsHook(SafeCheckpointHook):
    """A checkpoint hook whose best checkpoint is the better of the raw and the averaged model.

    Where the metrics hold ``raw/KEY`` beside the ``KEY`` of ``save_best`` (see
    :class:`~mmpretrain_mlml.RawAndAveragedValLoop`), the higher of the two counts. The best checkpoint
    holds the weights that reached it under ``state_dict`` and names them in ``meta['weights']``,
    ``'raw'`` or ``'averaged'``, and their scores in ``meta['scores']``. It holds no second
    set of weights and no training state.

    Args:
        **kwargs: Arguments of :class:`~mmpretrain_mlml.SafeCheckpointHook`; ``save_best`` may name one
            metric.

    Raises:
        ValueError: If ``save_best`` names several metrics.

    Source: the selection of the trainer released with arXiv 2112.07368.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.save_best and len(self.save_best) > 1:
            raise ValueError(f'expected one metric in save_best, got {self.save_best}')
        self._weights: str | None = None  # of the best checkpoint being written
        self._scores: dict[str, float] = {}

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, float]) -> None:
        if not self.save_best:
            return
        if 'auto' in self.key_indicators:
            self._init_rule(self.rules, [next(iter(metrics))])
        (key,) = self.key_indicators
        raw = f'raw/{key}'
        self._weights = 'averaged' if averaged_models(runner) else 'raw'
        if raw in metrics and self.is_better_than[key](metrics[raw], metrics[key]):
            self._weights = 'raw'
            metrics = {**metrics, key: metrics[raw]}
        prefix = 'raw/' if self._weights == 'raw' else ''
        self._scores = {
            name: float(metrics.get(prefix + name, value))
            for name, value in metrics.items()
            if not name.startswith('raw/') and isinstance(value, int | float)
        }
        super()._save_best_checkpoint(runner, metrics)
        self._weights = None

    def _save_checkpoint_with_step(self, *args: Any, **kwargs: Any) -> None:
        self._weights = None  # this checkpoint is to resume from, not the best
        super()._save_checkpoint_with_step(*args, **kwargs)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Reduce the best checkpoint to its weights, after the EMA hook has stored both sets."""
        if self._weights is None:
            return
        swapped = checkpoint.pop('ema_state_dict', None)  # the raw weights, with a prefix
        if self._weights == 'raw' and swapped is not None:
            prefix = 'module.'
            checkpoint['state_dict'] = {
                key.removeprefix(prefix): value
                for key, value in swapped.items()
                if key.startswith(prefix)
            }
        checkpoint.pop('message_hub', None)
        checkpoint['meta']['weights'] = self._weights
        checkpoint['meta']['scores'] = self._scores
