"""Loss and gradient as functions of the logit of a single entry."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from matplotlib.figure import Figure
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..losses.protocols import set_epoch
from .texts import plain


class Curve(NamedTuple):
    """A loss as a function of the logit, for one target.

    Attributes:
        value: Loss at each logit, (n,).
        gradient: Derivative with respect to the logit, (n,).
    """

    value: Tensor
    gradient: Tensor


def parse_loss(text: str) -> dict[str, Any]:
    """Return the config of a loss that is written as a call.

    Args:
        text: Call with keyword arguments of plain values, such as ``'SPLC(tau=0.7)'``, or a name, such
            as ``'mmpretrain.FocalLoss'``. A name without a dot is one of this package.

    Raises:
        ValueError: If the text has another form.

    >>> parse_loss('ASL(gamma_neg=2, clip=0.0)')
    {'type': 'mmpretrain_mlml.ASL', 'gamma_neg': 2, 'clip': 0.0}
    """
    try:
        tree = ast.parse(text.strip(), mode='eval').body
        call = tree if isinstance(tree, ast.Call) else ast.Call(tree, [], [])
        if call.args or any(keyword.arg is None for keyword in call.keywords):
            raise ValueError('arguments must be given by name')
        name = ast.unparse(call.func)
        values = {str(key.arg): ast.literal_eval(key.value) for key in call.keywords}
    except (SyntaxError, ValueError) as error:
        raise ValueError(
            f'expected a loss such as Hill or SPLC(tau=0.7), got {text!r}: {error}'
        ) from error
    return {'type': name if '.' in name else f'mmpretrain_mlml.{name}', **values}


def loss_curve(loss: nn.Module, logits: Tensor, target: float) -> Curve:
    """Compute loss and gradient of single entries, each alone in its batch.

    Args:
        loss: Loss with MMPretrain's interface.
        logits: Logits, (n,).
        target: Target of all entries.
    """
    logits = logits.detach().clone().requires_grad_()
    size = 1, 80  # 80 classes, as in COCO, for losses that depend on their number
    targets = torch.full(size, target)
    entries = [loss(x.expand(size), targets, reduction_override='none')[0].mean() for x in logits]
    value = torch.stack(entries)
    (gradient,) = torch.autograd.grad(value.sum(), logits)
    return Curve(value.detach(), gradient)


def draw_losses(
    losses: Mapping[str, dict[str, Any]], epoch: int = 1, limit: float = 8.0, points: int = 321
) -> Figure:
    """Draw loss and gradient over the logit, for positive and for unobserved entries.

    The paper's overview shows BCE, Focal, ASL, Hill and SPLC.

    Args:
        losses: Config of each loss, by its name in the legend.
        epoch: Epoch, 0-based, that is set in losses that need it. SPLC corrects labels from 1 on.
        limit: Largest logit; the smallest is its negative.
        points: Number of logits.

    Raises:
        KeyError: If a loss is not registered.
        ValueError: If the loss of an entry depends on the other entries of its batch.
    """
    figure = Figure(figsize=(10, 6.4), layout='constrained')
    panels = figure.subplots(2, 2, sharex=True)
    logits = torch.linspace(-limit, limit, points, dtype=torch.float64)
    for number, (name, cfg) in enumerate(losses.items()):
        loss = MODELS.build(cfg)
        if not getattr(loss, 'BY_ENTRY', True):
            raise ValueError(
                f'{name} depends on the whole batch: it has no curve over a single logit'
            )
        set_epoch(loss, epoch, epoch + 1)
        for column, target in enumerate((1.0, 0.0)):
            curve = loss_curve(loss, logits, target)
            for row, values in enumerate(curve):
                width = max(4 - 0.7 * number, 1)  # shows both of two lines that coincide
                panels[row, column].plot(
                    logits, values, color=f'C{number}', linewidth=width, label=plain(name)
                )
    for column, side in enumerate(('positive', 'unobserved')):
        panels[0, column].set(title=side, ylim=(-0.1, 4))
        panels[1, column].set(xlabel='logit', ylim=(-1.3, 1.3))
    panels[0, 0].set_ylabel('loss')
    panels[1, 0].set_ylabel('gradient')
    for panel in panels.flat:
        panel.grid(alpha=0.3)
        panel.axvline(0, color='0.8', linewidth=0.8, zorder=0)
    panels[0, 0].legend(fontsize='small')
    return figure
