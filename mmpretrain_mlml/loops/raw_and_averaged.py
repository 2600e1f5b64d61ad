from __future__ import annotations

from mmengine.hooks import EMAHook
from mmengine.runner import ValLoop
from mmpretrain.registry import LOOPS


@LOOPS.register_module()
class RawAndAveragedValLoop(ValLoop):
    """Validates both the raw and the averaged model, if a hook averages the weights.

    The scores of the averaged model keep their names (``multi-label/mAP``); those of the raw model are
    prefixed with ``raw/`` (``raw/multi-label/mAP``). Without an ``EMAHook`` it is a plain ``ValLoop``.

    Args:
        runner: Runner.
        dataloader: Data loader, or its config.
        evaluator: Evaluator, or its config.
        fp16: Whether to validate in mixed precision.

    Source: the trainer released with arXiv 2112.07368 scores both models in each epoch.
    """

    def run(self) -> dict[str, float]:
        runner = self.runner
        averaging = [hook for hook in runner.hooks if isinstance(hook, EMAHook)]
        if not averaging:
            return super().run()
        runner.call_hook('before_val')
        runner.call_hook('before_val_epoch')  # EMAHook swaps the averaged weights in
        for hook in averaging:
            hook._swap_ema_parameters()
        raw = self._scores()
        for hook in averaging:
            hook._swap_ema_parameters()
        metrics = self._scores()  # last, so that a predictions file holds the averaged model's
        metrics |= {f'raw/{key}': value for key, value in raw.items()}
        runner.call_hook('after_val_epoch', metrics=metrics)
        runner.call_hook('after_val')
        return metrics

    def _scores(self) -> dict[str, float]:
        self.runner.model.eval()
        for index, batch in enumerate(self.dataloader):
            self.run_iter(index, batch)
        return self.evaluator.evaluate(len(self.dataloader.dataset))
