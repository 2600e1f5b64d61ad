from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from mmengine.runner import Runner
from mmpretrain.engine.hooks import VisualizationHook
from mmpretrain.registry import HOOKS

from ...runtime.unwrap import unwrap_model
from ...visualization import to_rgb


@HOOKS.register_module()
class TagVisualizationHook(VisualizationHook):
    """MMPretrain's ``VisualizationHook`` with the right colours.

    MMPretrain draws images as if red were their first channel, although its loaders put blue first.
    This hook takes the order of the channels from the model's preprocessor. ``tools/test.py
    --show-dir`` enables it.

    Args:
        **kwargs: Arguments of MMPretrain's hook.
    """

    def before_test(self, runner: Runner) -> None:
        self._bgr = _takes_bgr(runner)
        if self.out_dir is not None:
            Path(self.out_dir).mkdir(parents=True, exist_ok=True)

    def before_val(self, runner: Runner) -> None:
        self.before_test(runner)

    def _draw_samples(
        self, batch_idx: int, data_batch: dict, data_samples: Sequence, step: int = 0
    ) -> None:
        if self.enable:
            images = [to_rgb(image.cpu(), self._bgr) for image in data_batch['inputs']]
            packed = [torch.from_numpy(image).permute(2, 0, 1) for image in images]
            data_batch = {**data_batch, 'inputs': packed}
        super()._draw_samples(batch_idx, data_batch, data_samples, step)


def _takes_bgr(runner: Runner) -> bool:
    """Return whether the preprocessor reverses the channels, because it expects blue first."""
    preprocessor = unwrap_model(runner.model).data_preprocessor
    # The first is MMPretrain's ClsDataPreprocessor, the second MMEngine's ImgDataPreprocessor.
    return any(getattr(preprocessor, name, False) for name in ('to_rgb', '_channel_conversion'))
