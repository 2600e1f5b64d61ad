"""Time of forward and backward of each loss, as a ratio to binary cross-entropy on the same tensors.

python benchmarks/losses.py [--out losses.json]

One CPU thread, float32, sum over the batch, 3 % of the entries marked. Runs of the two alternate; the
ratio is the median of the ratios of neighbours.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor

from mmpretrain_mlml import ASL, BCE, SPLC, Focal, Hill
from mmpretrain_mlml.losses.functional import hill_loss, splc_loss

SHAPES = {(128, 80): 301, (256, 9605): 15, (1024, 20000): 3}


def peers() -> dict:
    """Losses by name; MMPretrain's and timm's where they are installed."""
    splc = SPLC(reduction='sum')
    splc.set_epoch(1)
    found = {
        'Hill': Hill(reduction='sum'),
        'SPLC': splc,
        'BCE': BCE(reduction='sum'),
        'Focal': Focal(reduction='sum'),
        'ASL': ASL(reduction='sum'),
        'Hill, plain formula': lambda x, y: hill_loss(x, y, reduction='sum'),
        'SPLC, plain formula': lambda x, y: splc_loss(x, y, True, reduction='sum'),
    }
    try:
        from mmpretrain.models.losses import AsymmetricLoss, FocalLoss

        for cls in (AsymmetricLoss, FocalLoss):
            loss = cls()
            found[f'MMPretrain {cls.__name__}'] = lambda x, y, loss=loss: loss(
                x, y, reduction_override='none'
            ).sum()
    except ImportError:
        pass
    try:
        from timm.loss import AsymmetricLossMultiLabel

        found['timm AsymmetricLossMultiLabel'] = AsymmetricLossMultiLabel()
    except ImportError:
        pass
    return found


def seconds(loss: Callable, logits: Tensor, target: Tensor) -> float:
    logits.grad = None
    start = perf_counter()
    loss(logits, target).backward()
    return perf_counter() - start


def bce(logits: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, target, reduction='sum')


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='writes the ratios as JSON')
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    losses, found = peers(), {}
    for shape, repeats in track(SHAPES.items(), 'measuring'):
        logits = torch.randn(shape, requires_grad=True)
        target = (torch.rand(shape) < 0.03).float()
        own = median(seconds(bce, logits, target) for _ in range(repeats))
        found.setdefault('torch BCE, microseconds', {})[str(shape)] = 1e6 * own
        for name, loss in losses.items():
            seconds(loss, logits, target)
            ratios = [
                seconds(loss, logits, target) / seconds(bce, logits, target) for _ in range(repeats)
            ]
            found.setdefault(name, {})[str(shape)] = median(ratios)
    table = Table('time, forward and backward', *map(str, SHAPES))
    for name, by_shape in found.items():
        table.add_row(name, *(f'{by_shape[str(shape)]:.2f}' for shape in SHAPES))
    Console().print(table)
    if args.out:
        args.out.write_text(json.dumps(found, indent=2))


if __name__ == '__main__':
    main()
