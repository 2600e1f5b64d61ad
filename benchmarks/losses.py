"""Time and memory of forward and backward of each loss, as a ratio to binary cross-entropy.

python benchmarks/losses.py [--out losses.json] [--device cuda] [--only Hill SPLC]

One CPU thread, float32, sum over the batch, 3 % of the entries positive, the same tensors for both.
Runs of the two alternate; the time is the median of the ratios of neighbours, the memory the ratio of
the peaks of what is allocated beside logits and targets. "compiled" compares torch.compile of
both at (128, 80); memory is at (256, 9605).
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from mmpretrain_mlml import EPR, FAMILY, PASL, ROLE
from mmpretrain_mlml.losses.functional import hill_loss, splc_loss

SHAPES = {(128, 80): 301, (256, 9605): 15, (1024, 20000): 3}
COMPILED = (128, 80)
MEMORY = (256, 9605)


def ours(shape: tuple[int, int]) -> dict[str, Callable[..., Any]]:
    """Return the losses of the family, with the state that they need from outside."""
    losses: dict[str, Callable[..., Any]] = {}
    for cls in FAMILY:
        needed: dict[str, Any] = {'expected_positives': 3.0} if issubclass(cls, EPR) else {}
        if cls is ROLE:
            needed.update(num_samples=shape[0], num_classes=shape[1])
        loss: Any = cls(reduction='sum', **needed)
        if hasattr(loss, 'set_epoch'):
            loss.set_epoch(5, 31)
        if cls is PASL:
            loss.set_class_prior(torch.full(shape[1:], 0.03))
        if hasattr(loss, 'set_samples'):
            loss.set_samples(torch.arange(shape[0]), shape[0])
        losses[cls.__name__] = loss
    return losses


def peers() -> dict[str, Callable[..., Any]]:
    """Return the plain formulas, and the losses of MMPretrain and timm if installed."""
    losses: dict[str, Callable[..., Any]] = {
        'Hill, plain formula': lambda x, y: hill_loss(x, y, reduction='sum'),
        'SPLC, plain formula': lambda x, y: splc_loss(x, y, True, reduction='sum'),
    }
    try:
        from mmpretrain.models.losses import AsymmetricLoss, FocalLoss

        for cls in (AsymmetricLoss, FocalLoss):
            loss = cls()
            losses[f'MMPretrain {cls.__name__}'] = lambda x, y, loss=loss: loss(
                x, y, reduction_override='none'
            ).sum()
    except ImportError:
        pass
    try:
        from timm.loss import AsymmetricLossMultiLabel

        losses['timm AsymmetricLossMultiLabel'] = AsymmetricLossMultiLabel()
    except ImportError:
        pass
    return losses


def bce(logits: Tensor, target: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, target, reduction='sum')


def step(loss: Callable, logits: Tensor, target: Tensor) -> None:
    logits.grad = None
    loss(logits, target).backward()


def seconds(loss: Callable, logits: Tensor, target: Tensor) -> float:
    if logits.is_cuda:
        torch.cuda.synchronize()
    start = perf_counter()
    step(loss, logits, target)
    if logits.is_cuda:
        torch.cuda.synchronize()
    return perf_counter() - start


def ratio(loss: Callable, peer: Callable, tensors: tuple[Tensor, Tensor], repeats: int) -> float:
    for _ in range(min(repeats, 20) // 2 + 1):  # warm
        seconds(loss, *tensors), seconds(peer, *tensors)
    return median(seconds(loss, *tensors) / seconds(peer, *tensors) for _ in range(repeats))


def peak_bytes(loss: Callable, logits: Tensor, target: Tensor) -> int:
    """The most that a step holds at a time, beside its inputs."""
    step(loss, logits, target)
    logits.grad = None
    if logits.is_cuda:
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step(loss, logits, target)
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        step(loss, logits, target)
    held = most = 0
    for event in recorded.profiler.kineto_results.events():
        if event.name() == '[memory]':
            held += event.nbytes()
            most = max(most, held)
    return most


def batch(shape: tuple[int, int], device: str) -> tuple[Tensor, Tensor]:
    logits = torch.randn(shape, device=device, requires_grad=True)
    return logits, (torch.rand(shape, device=device) < 0.03).float()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='writes the ratios as JSON')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--only', nargs='+', metavar='LOSS', help='such as Hill SPLC')
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    ratios: dict[str, dict[str, float]] = {'torch BCE, microseconds': {}}
    for shape, repeats in SHAPES.items():
        tensors = batch(shape, args.device)
        own = median(seconds(bce, *tensors) for _ in range(repeats))
        ratios['torch BCE, microseconds'][str(shape)] = 1e6 * own
        losses = {**ours(shape), **peers()}
        if args.only:
            losses = {name: losses[name] for name in args.only}
        for name, loss in track(losses.items(), f'measuring at {shape}'):
            ratios.setdefault(name, {})[str(shape)] = ratio(loss, bce, tensors, repeats)
            if shape == MEMORY:
                ratios[name]['memory'] = peak_bytes(loss, *tensors) / peak_bytes(bce, *tensors)
    peer = torch.compile(bce, fullgraph=True)
    for name in {'Hill', 'SPLC'} & ratios.keys():
        loss = torch.compile(ours(COMPILED)[name], fullgraph=True)
        ratios[name]['compiled'] = ratio(loss, peer, batch(COMPILED, args.device), 301)

    columns = [*map(str, SHAPES), 'memory', 'compiled']
    table = Table(title='forward and backward, as a multiple of torch BCE')
    for name in ('', *columns):
        table.add_column(name, no_wrap=True)
    for name, cells in ratios.items():
        table.add_row(name, *(f'{cells[key]:.2f}' if key in cells else '' for key in columns))
    Console().print(table)
    if args.out:
        args.out.write_text(json.dumps(ratios, indent=2))


if __name__ == '__main__':
    main()
