from __future__ import annotations

from typing import Any

from mmengine.runner import Runner
from mmpretrain.registry import HOOKS

from ..reliability.safe_checkpoint_hook import SafeCheckpointHook


@HOOKS.register_module()
class BestWeightsHook(SafeCheckpointHook):
    """A checkpoint hook whose best checkpoint is the better of the raw and averaged model.

    Where the metrics hold ``raw/KEY`` beside the ``KEY`` of ``save_best`` (see
    :class:`~mmpretrain_mlml.RawAndAveragedValLoop`), the higher of the two counts. The best file holds
    the weights that reached it under ``state_dict`` and says in ``meta['weights']`` which they are,
    ``'raw'`` or ``'averaged'``; it holds no second set of weights and no training state.

    Args:
        **kwargs: As for :class:`~mmpretrain_mlml.SafeCheckpointHook`; ``save_best`` names one metric,
            or none.

    Raises:
        ValueError: ``save_best`` names several metrics.

    Source: the choice of the trainer released with arXiv 2112.07368.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if self.save_best and len(self.save_best) > 1:
            raise ValueError(f'expected one metric in save_best, got {self.save_best}')
        self._weights: str | None = None  # which ones the file being written is for

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, float]) -> None:
        if not self.save_best:
            return
        if 'auto' in self.key_indicators:
            self._init_rule(self.rules, [next(iter(metrics))])
        (key,) = self.key_indicators
        raw = f'raw/{key}'
        averaging = any(hasattr(hook, 'ema_model') for hook in runner.hooks)
        self._weights = 'averaged' if averaging else 'raw'
        if raw in metrics and self.is_better_than[key](metrics[raw], metrics[key]):
            self._weights = 'raw'
            metrics = {**metrics, key: metrics[raw]}
        super()._save_best_checkpoint(runner, metrics)
        self._weights = None

    def _save_checkpoint_with_step(self, *args: Any, **kwargs: Any) -> None:
        self._weights = None  # a checkpoint to resume from, not the best
        super()._save_checkpoint_with_step(*args, **kwargs)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Makes the best checkpoint plain; runs after the EMA hook has put its weights in."""
        if self._weights is None:
            return
        aside = checkpoint.pop('ema_state_dict', None)  # holds the raw weights, with a prefix
        if self._weights == 'raw' and aside is not None:
            prefix = 'module.'
            checkpoint['state_dict'] = {
                key.removeprefix(prefix): value
                for key, value in aside.items()
                if key.startswith(prefix)
            }
        checkpoint.pop('message_hub', None)
        checkpoint['meta']['weights'] = self._weights
