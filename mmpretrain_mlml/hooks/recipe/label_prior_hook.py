from __future__ import annotations

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS
from torch import Tensor, nn

from ...datasets.statistics import LabelCounts, count_kinds
from ...losses.functional import check_range
from ...runtime.simulation import is_simulated
from ...runtime.unwrap import unwrap_model


@HOOKS.register_module()
class LabelPriorHook(Hook):
    """Initialises the classifier's biases with the log-odds of the training labels.

    With biases of 0 a classifier begins by finding every class in half of the images. Before training
    this hook sets the bias of the head's last linear layer to
    ``log((present + smoothing) / (absent + smoothing))``, counted by class over the known training
    labels, so that the first probabilities are about as frequent as the labels. A loss with
    ``unknown='unobserved'`` trains unobserved entries as absent, with a repair: then they count as
    absent. A run that resumes
    from a checkpoint keeps its biases, and so does one whose ``load_from`` holds this layer. A file
    without it (a backbone) or with another number of classes leaves the layer untrained; its bias is
    set.

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
        self._trained = False  # whether the classifier comes from a checkpoint
        self._watching = False

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Observe what the classifier loads; MMEngine calls this before it loads the weights."""
        if runner._resume:  # with --resume there may be no checkpoint; then this is not called
            self._trained = True
        classifier = _last_linear(_head(runner))
        if classifier is not None and not self._watching:
            classifier.register_load_state_dict_pre_hook(self._before_load)
            self._watching = True

    def _before_load(
        self, classifier: nn.Linear, state_dict: dict[str, Tensor], prefix: str, *_: object
    ) -> None:
        bias = state_dict.get(f'{prefix}bias')
        if bias is not None and tuple(bias.shape) == (classifier.out_features,):
            self._trained = True

    def before_train(self, runner: Runner) -> None:
        if self._trained or is_simulated(runner):
            return
        counts = _counts(runner)
        bias = _classifier_bias(_head(runner), len(counts.present))
        with torch.no_grad():
            bias.copy_(log_odds(counts, self.smoothing))


def _counts(runner: Runner) -> LabelCounts:
    present, absent, unobserved = count_kinds(runner.train_dataloader.dataset)
    known = present + absent
    if any(getattr(loss, 'unknown', 'ignore') != 'ignore' for loss in _head(runner).modules()):
        known = known + unobserved
    return LabelCounts(present, known)


def log_odds(counts: LabelCounts, smoothing: float) -> Tensor:
    """Return the logarithm of the ratio of present to absent labels by class, (C,), float64.

    Args:
        counts: Numbers of present and of known labels by class.
        smoothing: Number added to present and to absent labels.
    """
    present, known = (torch.from_numpy(count).double() for count in counts)
    return torch.log((present + smoothing) / (known - present + smoothing))


def _head(runner: Runner) -> nn.Module:
    return unwrap_model(unwrap_model(runner.model).head)  # parts may be wrapped separately


def _last_linear(head: nn.Module) -> nn.Linear | None:
    linear = [module for module in head.modules() if isinstance(module, nn.Linear)]
    return linear[-1] if linear else None


def _classifier_bias(head: nn.Module, num_classes: int) -> Tensor:
    linear = _last_linear(head)
    if linear is None or linear.bias is None:
        raise ValueError(
            f'expected a last linear layer with a bias for each of {num_classes} classes in the '
            f'{type(head).__name__}, got {linear or "none"}: LabelPriorHook cannot set its bias'
        )
    if len(linear.bias) != num_classes:
        raise ValueError(
            f'the training labels have {num_classes} classes, the {type(head).__name__} has '
            f'{len(linear.bias)}: set model.head.num_classes={num_classes}'
        )
    return linear.bias
