"""What LabelRecoveryHook adds to a training step of the digits network, and to SPLC alone.

    python benchmarks/recovery.py --pairs 150

One CPU thread, full labels, SPLC in an epoch in which it corrects labels. Steps with and without the
hook alternate on one batch of 64; so do SPLC at (128, 80) with and without counting. Medians in
microseconds.
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

WARM_UP = 5


def microseconds(call: Callable[[], object]) -> float:
    """Return the duration of a call."""
    start = perf_counter()
    call()
    return 1e6 * (perf_counter() - start)


def measure_step(pairs: int) -> tuple[float, float, float]:
    """Return the median time of a step, what the hook adds to it, and what the hook takes alone."""
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

        times = []
        for _ in range(pairs + WARM_UP):
            without = microseconds(plain)
            hook._loss = None  # attaches the hook again, outside the measured time
            hook.before_train_epoch(runner)
            times.append((without, microseconds(monitored)))
            hook._handle.remove()
        step, added = medians(times)
        target, pred = torch.zeros(64, 10), torch.randn(64, 10)

        def alone() -> None:
            hook.before_train_iter(runner, 0, batch)
            with torch.no_grad():
                hook._count(loss, pred, target, {})

        return step, added, median(microseconds(alone) for _ in range(pairs))


def measure_loss(pairs: int) -> tuple[float, float]:
    """Return the median time of SPLC, forward and backward, at (128, 80), and what counting adds."""
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

    return medians([(microseconds(plain), microseconds(monitored)) for _ in range(pairs + WARM_UP)])


def medians(times: list[tuple[float, float]]) -> tuple[float, float]:
    """Return the median of the first times and of the differences, after the warm-up."""
    times = times[WARM_UP:]
    return median(a for a, _ in times), median(b - a for a, b in times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--pairs', type=int, default=300, help='pairs of measurements')
    pairs = parser.parse_args().pairs
    torch.set_num_threads(1)
    table = Table('', 'plain', 'hook adds', 'share', title='microseconds')
    step, added, alone = measure_step(pairs)
    for name, whole, part in (
        ('digits step, 64 images', step, added),
        ('digits step, the hook alone', step, alone),
        ('SPLC at (128, 80)', *measure_loss(pairs)),
    ):
        table.add_row(name, f'{whole:.0f}', f'{part:.0f}', f'{part / whole:.2%}')
    Console().print(table)


if __name__ == '__main__':
    main()
