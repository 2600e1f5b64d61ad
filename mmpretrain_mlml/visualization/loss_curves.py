"""What a loss costs, and how hard it pulls, over the logit of a single entry."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from matplotlib.figure import Figure
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from ..losses.protocols import set_epoch


class Curve(NamedTuple):
    """A loss over the logit, for one target.

    Attributes:
        value: (n,)
        gradient: By the logit, (n,).
    """

    value: Tensor
    gradient: Tensor


def parse_loss(text: str) -> dict[str, Any]:
    """The config of a loss written like a call: ``'SPLC(tau=0.7)'`` or ``'mmpretrain.FocalLoss'``.

    A name without a dot is one of this package.

    Raises:
        ValueError: The text is not a name with keyword arguments of plain values.

    >>> parse_loss('ASL(gamma_neg=2, clip=0.0)')
    {'type': 'mmpretrain_mlml.ASL', 'gamma_neg': 2, 'clip': 0.0}
    """
    try:
        tree = ast.parse(text.strip(), mode='eval').body
        call = tree if isinstance(tree, ast.Call) else ast.Call(tree, [], [])
        if call.args or not all(keyword.arg for keyword in call.keywords):
            raise ValueError('arguments must be given by name')
        name = ast.unparse(call.func)
        values = {keyword.arg: ast.literal_eval(keyword.value) for keyword in call.keywords}
    except (SyntaxError, ValueError) as error:
        raise ValueError(
            f'expected a loss such as Hill or SPLC(tau=0.7), got {text!r}: {error}'
        ) from error
    return {'type': name if '.' in name else f'mmpretrain_mlml.{name}', **values}


def loss_curve(loss: nn.Module, logits: Tensor, target: float) -> Curve:
    """Loss and gradient of single entries, each alone in its batch.

    Args:
        loss: With MMPretrain's interface.
        logits: (n,)
        target: Of all entries.
    """
    logits = logits.detach().clone().requires_grad_()
    size = 1, 80  # classes as in COCO, for losses that weigh by their number
    targets = torch.full(size, target)
    entries = [loss(x.expand(size), targets, reduction_override='none')[0].mean() for x in logits]
    value = torch.stack(entries)
    (gradient,) = torch.autograd.grad(value.sum(), logits)
    return Curve(value.detach(), gradient)


def draw_losses(
    losses: Mapping[str, dict[str, Any]], epoch: int = 1, limit: float = 8.0, points: int = 321
) -> Figure:
    """Loss and gradient over the logit, positives left and negatives right.

    The paper's overview is ``draw_losses`` of BCE, Focal, ASL, Hill and SPLC.

    Args:
        losses: Configs by the name in the legend.
        epoch: 0-based; told to losses that want it. SPLC corrects from 1 on.
        limit: The logit runs from minus this to this.
        points: Number of them.

    Raises:
        KeyError: A loss is not registered.
        ValueError: An entry of a loss costs what the others in its batch make of it.
    """
    figure = Figure(figsize=(10, 6.4), layout='constrained')
    panels = figure.subplots(2, 2, sharex=True)
    logits = torch.linspace(-limit, limit, points, dtype=torch.float64)
    for number, (name, cfg) in enumerate(losses.items()):
        loss = MODELS.build(cfg)
        if not getattr(loss, 'BY_ENTRY', True):
            raise ValueError(f'{name} looks at the whole batch: it has no curve over one logit')
        set_epoch(loss, epoch, epoch + 1)
        for column, target in enumerate((1.0, 0.0)):
            curve = loss_curve(loss, logits, target)
            for row, values in enumerate(curve):
                width = max(4 - 0.7 * number, 1)  # of two that coincide, both are seen
                panels[row, column].plot(
                    logits, values, color=f'C{number}', linewidth=width, label=name
                )
    for column, side in enumerate(('marked present', 'not marked')):
        panels[0, column].set(title=side, ylim=(-0.1, 4))
        panels[1, column].set(xlabel='logit', ylim=(-1.3, 1.3))
    panels[0, 0].set_ylabel('loss')
    panels[1, 0].set_ylabel('gradient by the logit')
    for panel in panels.flat:
        panel.grid(alpha=0.3)
        panel.axvline(0, color='0.8', linewidth=0.8, zorder=0)
    panels[0, 0].legend(fontsize='small')
    return figure
