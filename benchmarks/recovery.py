"""What LabelRecoveryHook adds to a training step, and to nothing but the loss at (128, 80).

python benchmarks/recovery.py [--pairs 300]

One CPU thread. Steps of the digits net on the same batch of 64, with the hook and without, alternate;
so do its parts alone. Medians, in microseconds, with full labels and SPLC in a correcting epoch.
"""

import argparse
import tempfile
from collections.abc import Callable
from statistics import median
from time import perf_counter

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from rich.console import Console
from rich.table import Table

from mmpretrain_mlml import SPLC, LabelRecoveryHook, config


def microseconds(call: Callable) -> float:
    start = perf_counter()
    call()
    return 1e6 * (perf_counter() - start)


def paired(plain: Callable, more: Callable, pairs: int) -> tuple[float, float]:
    """Median time of the plain call, and median of what the other one takes beyond its neighbour."""
    for _ in range(5):
        plain(), more()
    times = [(microseconds(plain), microseconds(more)) for _ in range(pairs)]
    return median(a for a, _ in times), median(b - a for a, b in times)


def digits_step(pairs: int) -> tuple[float, float, float]:
    """A step, what the hook adds to it as measured, and what its calls take by themselves."""
    with tempfile.TemporaryDirectory() as work_dir:
        cfg = Config.fromfile(config('digits_0.4left_splc.py'))
        cfg.work_dir, cfg.log_level = work_dir, 'ERROR'
        cfg.train_dataloader.dataset.size = 640
        runner = Runner.from_cfg(cfg)
        runner.optim_wrapper = runner.build_optim_wrapper(runner.cfg.optim_wrapper)
        loss = runner.model.head.loss_module
        loss.set_epoch(1)
        hook = LabelRecoveryHook(full_labels={'protocol': 'full'})
        hook.before_train(runner)
        batch = next(iter(runner.train_dataloader))
        runner.model.train()

        def plain() -> None:
            runner.model.train_step(batch, runner.optim_wrapper)

        def monitored() -> None:
            hook.before_train_iter(runner, 0, batch)
            runner.model.train_step(batch, runner.optim_wrapper)

        def alternate() -> None:  # outside the clock
            hook._loss = None
            hook.before_train_epoch(runner)

        times = []
        for index in range(pairs + 5):
            a = microseconds(plain)
            alternate()
            b = microseconds(monitored)
            hook._handle.remove()
            times += [(a, b)] if index >= 5 else []
        step = median(a for a, _ in times)
        target = torch.zeros(64, 10)
        pred = torch.randn(64, 10)

        def alone() -> None:
            hook.before_train_iter(runner, 0, batch)
            with torch.no_grad():
                hook._count(loss, pred, target, {})

        own = median(microseconds(alone) for _ in range(pairs))
        return step, median(b - a for a, b in times), own


def loss_alone(pairs: int) -> tuple[float, float]:
    """SPLC forward and backward at (128, 80), and what counting adds."""
    loss, hook = SPLC(), LabelRecoveryHook()
    loss.set_epoch(1)
    logits = torch.randn(128, 80, requires_grad=True)
    target = (torch.rand(128, 80) < 0.03).float()
    hook._truth = target > 0
    hook._counts = torch.zeros(5, 80, dtype=torch.int64)

    def plain() -> None:
        loss(logits, target).backward()

    def monitored() -> None:
        plain()
        with torch.no_grad():
            hook._count(loss, logits, target, {})

    return paired(plain, monitored, pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--pairs', type=int, default=300)
    pairs = parser.parse_args().pairs
    torch.set_num_threads(1)
    table = Table('', 'plain', 'hook adds', 'share', title='microseconds')
    step, added, own = digits_step(pairs)
    for name, whole, part in (
        ('digits step, 64 images', step, added),
        ('digits step, the hook by itself', step, own),
        ('SPLC at (128, 80)', *loss_alone(pairs)),
    ):
        table.add_row(name, f'{whole:.0f}', f'{part:.0f}', f'{part / whole:.2%}')
    Console().print(table)


if __name__ == '__main__':
    main()
