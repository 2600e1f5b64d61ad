from __future__ import annotations

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import Tensor, nn

from ...datasets.statistics import LabelCounts, count_labels
from ...losses.functional import check_range
from ...runtime.unwrap import unwrap_model


@HOOKS.register_module()
class LabelPriorHook(Hook):
    """Initialises the classifier's biases with the log-odds of the training labels.

    With biases of 0 a classifier begins by finding every class in half of the images. Before training
    this hook sets the bias of the head's last linear layer to
    ``log((present + smoothing) / (absent + smoothing))``, counted by class over the known training
    labels, so that the first probabilities are about as frequent as the labels. A run that resumes
    from a checkpoint or loads a trained classifier (``load_from``) keeps its biases.

    Args:
        smoothing: Number added to both counts, > 0, because some classes have no label.

    Raises:
        ValueError: If ``smoothing`` is not above 0, or, before training, if the head has no last
            linear layer with a bias for each class.

    Source: prior initialisation, arXiv 1708.02002, by class.
    """

    priority = 'HIGH'  # before averages of the weights start

    def __init__(self, smoothing: float = 1.0) -> None:
        check_range('smoothing', smoothing, low=1e-12)
        self.smoothing = smoothing
        self._loaded = False  # whether there was a checkpoint; with --resume there may be none

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        self._loaded = True

    def before_train(self, runner: Runner) -> None:
        if self._loaded:
            return
        counts = count_labels(runner.train_dataloader.dataset)
        head = unwrap_model(unwrap_model(runner.model).head)  # parts may be wrapped separately
        bias = _classifier_bias(head, len(counts.present))
        with torch.no_grad():
            bias.copy_(log_odds(counts, self.smoothing))


def log_odds(counts: LabelCounts, smoothing: float) -> Tensor:
    """Return the logarithm of the ratio of present to absent labels by class, (C,), float64.

    Args:
        counts: Numbers of present and of known labels by class.
        smoothing: Number added to present and to absent labels.
    """
    present, known = (torch.from_numpy(count).double() for count in counts)
    return torch.log((present + smoothing) / (known - present + smoothing))


def _classifier_bias(head: nn.Module, num_classes: int) -> Tensor:
    linear = [module for module in head.modules() if isinstance(module, nn.Linear)]
    if not linear or linear[-1].bias is None or len(linear[-1].bias) != num_classes:
        got = f'{linear[-1]}' if linear else 'none'
        raise ValueError(
            f'expected a last linear layer with a bias for each of {num_classes} classes in the '
            f'{type(head).__name__}, got {got}: LabelPriorHook cannot set its bias'
        )
    return linear[-1].bias
