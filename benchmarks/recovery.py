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
from torch import Tensor, nn

from mmpretrain_mlml import SPLC, LabelRecoveryHook, config
from mmpretrain_mlml.monitoring.recovery_counter import RecoveryCounter

WARM_UP = 5


class SilentSPLC(SPLC):
    """SPLC that computes no loss, so that a call costs what its observers cost."""

    def forward(self, pred: Tensor, target: Tensor) -> None: ...


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

        step, added = compare(plain, monitored, hook._counter, loss, pairs)
        silent = SilentSPLC()
        silent.set_epoch(1)
        hook._counter.observe(silent)
        target, pred = torch.zeros(64, 10), torch.randn(64, 10)

        def alone() -> None:
            hook.before_train_iter(runner, 0, batch)
            silent(pred, target)

        return step, added, median(microseconds(alone) for _ in range(pairs))


def measure_loss(pairs: int) -> tuple[float, float]:
    """Return the median time of SPLC, forward and backward, at (128, 80), and what counting adds."""
    loss, counter = SPLC(), RecoveryCounter()
    loss.set_epoch(1)
    logits = torch.randn(128, 80, requires_grad=True)
    target = (torch.rand(128, 80) < 0.03).float()
    counter.start(80, True, logits.device)
    counter.set_truth(target > 0)

    def step() -> None:
        loss(logits, target).backward()

    return compare(step, step, counter, loss, pairs)


def compare(
    plain: Callable[[], object],
    monitored: Callable[[], object],
    counter: RecoveryCounter,
    loss: nn.Module,
    pairs: int,
) -> tuple[float, float]:
    """Return the median time without counting, and of the differences to the time with it."""
    times = []
    for _ in range(pairs + WARM_UP):
        counter.observe(None)
        without = microseconds(plain)
        counter.observe(loss)
        times.append((without, microseconds(monitored)))
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
