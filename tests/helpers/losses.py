"""Losses that are ready to be called, batches for them, and gradients."""

import inspect
import math

import torch

from mmpretrain_mlml import BCE, FAMILY, FocalMargin, Hill, Ignore
from mmpretrain_mlml.losses import MultiLabelLoss
from mmpretrain_mlml.losses.protocols import NeedsClassPrior, NeedsSamples, set_epoch

IMAGES, CLASSES = 9, 7  # shape of a batch, unless a test says otherwise
CONSTRUCTOR = {'expected_positives': 2.0}
ONE_PASS = [BCE, Ignore, FocalMargin, Hill]  # losses with a one-pass gradient, beside SPLC
RECOVERING = [cls for cls in FAMILY if cls.recovered is not MultiLabelLoss.recovered]


def ready(cls, epoch=3, shape=(IMAGES, CLASSES), prior=None, samples=None, **kwargs):
    """Build a loss and set all state that it needs, for ``shape`` images and classes."""
    for name, value in {
        **CONSTRUCTOR,
        'num_samples': shape[0],
        'num_classes': shape[1],
    }.items():
        if name in inspect.signature(cls).parameters:
            kwargs.setdefault(name, value)
    loss = cls(**kwargs)
    set_epoch(loss, epoch, max(10, epoch + 1))
    if isinstance(loss, NeedsClassPrior):
        loss.set_class_prior([0.1] * shape[1] if prior is None else prior)
    if isinstance(loss, NeedsSamples):
        loss.set_samples(torch.arange(shape[0]) if samples is None else samples, shape[0])
    return loss


def batch(n=IMAGES, c=CLASSES, scale=3.0, positives=0.3, values=(0.0, 1.0), seed=0):
    """Return logits and targets in float64; targets in {0, 1}, or evenly among -1, 0 and 1."""
    generator = torch.Generator().manual_seed(seed)
    x = scale * torch.randn(n, c, generator=generator, dtype=torch.float64)
    if values == (0.0, 1.0):
        y = (torch.rand(n, c, generator=generator) < positives).double()
    else:
        y = torch.randint(-1, 2, (n, c), generator=generator).double()
    return x, y


def entries(loss, x, y, **context):
    return loss(x, y, reduction_override='none', **context)


def slope(loss, x, y):
    """Return the gradient of the summed loss by the logits."""
    x = x.detach().clone().requires_grad_()
    loss(x, y, reduction_override='sum').backward()
    return x.grad


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def assert_entries_cost(loss, positive, negative):
    """Compare a loss with two scalar functions of the logit, entry by entry."""
    x, y = batch()
    expected = [
        [positive(a) if b else negative(a) for a, b in zip(*rows)]
        for rows in zip(x.tolist(), y.tolist())
    ]
    torch.testing.assert_close(
        entries(loss, x, y), torch.tensor(expected, dtype=torch.float64), rtol=1e-12, atol=1e-14
    )
