"""Time and memory of forward and backward of each loss, as a ratio to binary cross-entropy.

python benchmarks/losses.py [--out losses.json] [--device cuda] [--only Hill SPLC] [--eager]
python benchmarks/losses.py --quick       # Hill and SPLC in less than half a minute
python benchmarks/losses.py --weighted    # time with weights by class, as a ratio to the time without

One CPU thread and its CPU time, float32, sum over the batch, 3 % positives, the same tensors for both.
Runs of the two alternate; the time is the median of the ratios of neighbouring runs, the memory the
ratio of the peak allocation beside logits and targets, at (256, 9605). "compiled" is torch.compile
of both, at (128, 80); "fused" is ``fused=True``.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import torch
import torch.nn.functional as F
from comparisons import of_ratios
from rich.console import Console
from rich.progress import track
from rich.table import Table
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

from mmpretrain_mlml import BCE, EPR, FAMILY, ROLE, SPLC, FocalMargin, Hill
from mmpretrain_mlml.losses.functional import hill_loss, splc_loss
from mmpretrain_mlml.losses.protocols import NeedsClassPrior, NeedsSamples, set_epoch

SHAPES = {(128, 80): 301, (256, 9605): 15, (1024, 20000): 3}
COMPILED = (128, 80)
MEMORY = (256, 9605)
COMPARED = COMPILED, MEMORY  # with timm's ASL, too, which is slow at the largest shape
TIMM = 'timm AsymmetricLossMultiLabel'
QUICK = {(128, 80): 151, (256, 9605): 9, (1024, 20000): 3}
WEIGHTED = {(128, 80): 1501, (256, 9605): 61}
ONE_PASS = BCE, FocalMargin, Hill, SPLC  # keep weights by class on the fast path


def ours(shape: tuple[int, int], device: str = 'cpu') -> dict[str, Callable]:
    """Build the losses of the family on a device and set the state that they need."""
    losses: dict[str, Callable] = {}
    for cls in FAMILY:
        arguments: dict[str, Any] = {'expected_positives': 3.0} if issubclass(cls, EPR) else {}
        if cls is ROLE:
            arguments.update(num_samples=shape[0], num_classes=shape[1])
        loss = cls(reduction='sum', **arguments).to(device)
        set_epoch(loss, 5, 31)
        if isinstance(loss, NeedsClassPrior):
            loss.set_class_prior(torch.full(shape[1:], 0.03))
        if isinstance(loss, NeedsSamples):
            loss.set_samples(torch.arange(shape[0]), shape[0])
        losses[cls.__name__] = loss
    return losses


def fused(device: str) -> dict[str, Callable]:
    """Build Hill and SPLC as generated kernels."""
    splc = SPLC(reduction='sum', fused=True).to(device)
    splc.set_epoch(5)
    return {'Hill, fused': Hill(reduction='sum', fused=True).to(device), 'SPLC, fused': splc}


def peers() -> dict[str, Callable]:
    """Return the plain formulas, and the losses of MMPretrain and timm where they are installed."""
    losses: dict[str, Callable] = {
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

        losses[TIMM] = AsymmetricLossMultiLabel()
    except ImportError:
        pass
    return losses


def weighted(shape: tuple[int, int], only: list[str] | None) -> dict[str, dict[str, float]]:
    """Return the time of each kind of weights by loss, as a ratio to the time without weights."""
    class_weight, pos_weight = torch.rand(shape[1]).tolist(), (1 + torch.rand(shape[1])).tolist()
    kinds: dict[str, dict[str, Any]] = {
        'class_weight': {'class_weight': class_weight},
        'pos_weight, one': {'pos_weight': 2.0},
        'pos_weight, by class': {'pos_weight': pos_weight},
        'both': {'class_weight': class_weight, 'pos_weight': pos_weight},
    }
    tensors = batch(shape, 'cpu')
    ratios: dict[str, dict[str, float]] = {}
    for cls in ONE_PASS:
        if only and cls.__name__ not in only:
            continue
        plain, *losses = (cls(reduction='sum', **weights) for weights in ({}, *kinds.values()))
        for loss in (plain, *losses):
            set_epoch(loss, 5, 31)
        for kind, loss in zip(kinds, losses):
            times = ratios_of(loss, plain, tensors, WEIGHTED[shape])
            ratios.setdefault(cls.__name__, {})[kind] = median(times)
    return ratios


def bce(logits: Tensor, target: Tensor) -> Tensor:
    """Return torch's binary cross-entropy, summed."""
    return F.binary_cross_entropy_with_logits(logits, target, reduction='sum')


def step(loss: Callable, logits: Tensor, target: Tensor) -> None:
    """Run forward and backward."""
    logits.grad = None
    loss(logits, target).backward()


def seconds(loss: Callable, logits: Tensor, target: Tensor) -> float:
    """Return the time of a step, in seconds; CPU time on a CPU, where load matters less."""
    if not logits.is_cuda:
        start = process_time()
        step(loss, logits, target)
        return process_time() - start
    torch.cuda.synchronize()
    start = perf_counter()
    step(loss, logits, target)
    torch.cuda.synchronize()
    return perf_counter() - start


def ratios_of(
    loss: Callable, peer: Callable, tensors: tuple[Tensor, Tensor], repeats: int
) -> list[float]:
    """Return the ratios of the times of two losses in alternating steps."""
    for _ in range(min(repeats, 20) // 2 + 1):  # warm up
        seconds(loss, *tensors), seconds(peer, *tensors)
    ratios = []
    for repeat in range(repeats):
        pair = (loss, peer) if repeat % 2 else (peer, loss)  # neither gains by its place
        times = {one: seconds(one, *tensors) for one in pair}
        ratios.append(times[loss] / times[peer])
    return ratios


def peak_bytes(loss: Callable, logits: Tensor, target: Tensor) -> int:
    """Return the peak memory of a step, in bytes, beside its inputs."""
    step(loss, logits, target)
    logits.grad = None
    if logits.is_cuda:
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        step(loss, logits, target)
        return torch.cuda.max_memory_allocated() - before
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        step(loss, logits, target)
    held = peak = 0
    for event in recorded.profiler.kineto_results.events():
        if event.name() == '[memory]':
            held += event.nbytes()
            peak = max(peak, held)
    return peak


def batch(shape: tuple[int, int], device: str) -> tuple[Tensor, Tensor]:
    """Return random logits and targets of which 3 % are positive."""
    logits = torch.randn(shape, device=device, requires_grad=True)
    return logits, (torch.rand(shape, device=device) < 0.03).float()


def against_bce(
    device: str, only: list[str] | None, shapes: dict[tuple[int, int], int], eager: bool
) -> tuple[dict[str, dict[str, float]], list[dict[str, Any]]]:
    """Return the ratios to binary cross-entropy by loss: time by shape, memory, compiled.

    The second value has the times of Hill and SPLC as comparisons, also with timm's ASL.
    """
    ratios: dict[str, dict[str, float]] = {'torch BCE, microseconds': {}}
    comparisons = []
    asl = peers().get(TIMM)
    for shape, repeats in shapes.items():
        tensors = batch(shape, device)
        own = median(seconds(bce, *tensors) for _ in range(repeats))
        ratios['torch BCE, microseconds'][str(shape)] = 1e6 * own
        losses = {**ours(shape, device), **peers(), **({} if eager else fused(device))}
        if only:
            losses = {name: losses[name] for name in only}
        for name, loss in track(losses.items(), f'measuring at {shape}'):
            times = ratios_of(loss, bce, tensors, repeats)
            ratios.setdefault(name, {})[str(shape)] = median(times)
            if name in {'Hill', 'SPLC'}:
                speeds = [1 / time for time in times]
                comparisons.append(of_ratios(f'{name} at {shape}', 'torch BCE', speeds))
                if asl and shape in COMPARED:
                    speeds = [1 / time for time in ratios_of(loss, asl, tensors, repeats)]
                    comparisons.append(of_ratios(f'{name} at {shape}', TIMM, speeds))
            if shape == MEMORY:
                ratios[name]['memory'] = peak_bytes(loss, *tensors) / peak_bytes(bce, *tensors)
    if eager:
        return ratios, comparisons
    peer = torch.compile(bce, fullgraph=True)
    for name in {'Hill', 'SPLC'} & ratios.keys():
        loss = torch.compile(ours(COMPILED, device)[name], fullgraph=True)
        times = ratios_of(loss, peer, batch(COMPILED, device), 301)
        ratios[name]['compiled'] = median(times)
    return ratios, comparisons


def show(title: str, ratios: dict[str, dict[str, float]], columns: list[str]) -> None:
    """Print a table with a row for each loss."""
    table = Table(title=title)
    for name in ('', *columns):
        table.add_column(name, no_wrap=True)
    for name, cells in ratios.items():
        table.add_row(name, *(f'{cells[key]:.2f}' if key in cells else '' for key in columns))
    Console().print(table)


def main() -> None:
    """Measure and print; write the ratios where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='file for the ratios, as JSON')
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--only', nargs='+', metavar='LOSS', help='such as Hill SPLC')
    parser.add_argument('--quick', action='store_true', help='Hill and SPLC, fewer steps, eager')
    parser.add_argument('--smallest', action='store_true', help='the smallest shape alone')
    parser.add_argument('--eager', action='store_true', help='leave torch.compile out')
    parser.add_argument('--weighted', action='store_true', help='ratio to the time without weights')
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    results: Any
    if args.weighted:
        results = {str(shape): weighted(shape, args.only) for shape in WEIGHTED}
        for shape, ratios in results.items():
            columns = list(next(iter(ratios.values())))
            show(f'weighted at {shape}, as a multiple of unweighted', ratios, columns)
    else:
        only = args.only or (['Hill', 'SPLC'] if args.quick else None)
        shapes = QUICK if args.quick else SHAPES
        shapes = dict(list(shapes.items())[:1]) if args.smallest else shapes
        ratios, comparisons = against_bce(args.device, only, shapes, args.eager or args.quick)
        columns = [*map(str, SHAPES), 'memory', 'compiled']
        show('forward and backward, as a multiple of torch BCE', ratios, columns)
        results = {**ratios, 'comparisons': comparisons}
    if args.out:
        args.out.write_text(json.dumps(results, indent=2))


if __name__ == '__main__':
    main()
