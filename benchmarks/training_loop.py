"""A training step through MMEngine with all default hooks, beside a plain PyTorch loop.

python benchmarks/training_loop.py [--out training_loop.json] [--steps 200] [--device cuda --amp]
python benchmarks/training_loop.py --quick | --options [--steps 12]

The recipe of the COCO configs (Adam, one cycle, averaged weights) with ResNet-18 and MobileNetV2, Hill
and SPLC, on 64 drawn images of 128 x 128 pixels and 80 classes, in batches of 16. A real run trains,
and stops after each block of steps to let the plain loop take as many: the same network, loss,
optimiser, schedule, average and batches. Batches are read before; the plain loop gets them stacked.
As in the tools, freed memory is kept, and the garbage collector looks at new objects alone.
All steps are one epoch, in which SPLC corrects labels.
The result is the median of the ratios of neighbouring blocks. On a CPU, one thread, time is CPU time.
``--options`` measures what bfloat16 and channels last bring on a CPU: a training step of the model,
without hooks, against the same step in float32, in turns.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import chain, cycle, islice, repeat
from pathlib import Path
from statistics import median, quantiles
from time import perf_counter, process_time
from typing import Any

import cv2
import numpy as np
import torch
from comparisons import of_ratios
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from mmpretrain_mlml import ChannelsLastHook, config
from mmpretrain_mlml.losses.protocols import set_epoch
from mmpretrain_mlml.runtime.allocator import keep_freed_memory
from mmpretrain_mlml.runtime.garbage_collection import CollectFromNow

BACKBONES: dict[str, tuple[dict[str, Any], int]] = {
    'ResNet-18': (dict(type='ResNet', depth=18, out_indices=(3,)), 512),
    'MobileNetV2': (dict(type='MobileNetV2'), 1280),
}
LOSSES = 'Hill', 'SPLC'
IMAGES, CLASSES, SIDE, BATCH = 64, 80, 128, 16
WARM_UP = 3  # blocks
# What a config may choose, as changes of it.
BFLOAT16 = {'optim_wrapper.type': 'AmpOptimWrapper', 'optim_wrapper.dtype': 'bfloat16'}
LAST = {'custom_hooks': [dict(type='mmpretrain_mlml.ChannelsLastHook')]}
OPTIONS: dict[str, dict[str, Any]] = {
    'float32': {},
    'bfloat16': BFLOAT16,
    'channels last': LAST,
    'bfloat16, channels last': BFLOAT16 | LAST,
    'torch.compile': {'compile': True},
}


class PlainLoop(nn.Module):
    """What somebody writes without a framework.

    Args:
        model: The classifier whose parts are copied.
        steps: Length of the schedule.
        amp: Whether to train in float16 with a loss scaler.
    """

    def __init__(self, model: Any, steps: int, amp: bool) -> None:
        super().__init__()
        self.backbone: nn.Module = deepcopy(model.backbone)
        self.fc: nn.Module = deepcopy(model.head.fc)
        self.loss: nn.Module = deepcopy(model.head.loss_module)
        set_epoch(self.loss, 0)
        self.train()
        decayed = [p for p in self.parameters() if p.ndim > 1]
        others = [p for p in self.parameters() if p.ndim <= 1]
        groups: list[dict[str, Any]] = [{'params': decayed, 'weight_decay': 1e-4}]
        groups.append({'params': others})
        self.optimiser = torch.optim.Adam(groups, lr=1e-4, fused=amp)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimiser, 1e-4, steps)
        self.amp, self.scaler = amp, torch.amp.GradScaler(enabled=amp)
        device = next(self.parameters()).device
        self.network = nn.ModuleList([self.backbone, self.fc])
        average = get_ema_multi_avg_fn(0.9997)
        self.average = AveragedModel(self.network, device, multi_avg_fn=average, use_buffers=True)
        self.device = device

    def step(self, images: Tensor, targets: Tensor) -> None:
        """Train on a batch, (N, 3, H, W) uint8 in BGR and (N, C)."""
        images = images.to(self.device, non_blocking=True)
        targets = targets.to(self.device, non_blocking=True)
        pixels = images.flip(1).float() / 255
        with torch.autocast(self.device.type, torch.float16, enabled=self.amp):
            features = self.backbone(pixels)[-1].mean((2, 3))
            loss = self.loss(self.fc(features), targets)
        self.optimiser.zero_grad()
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimiser)
        self.scaler.update()
        self.schedule.step()
        self.average.update_parameters(self.network)


class ReadBatches:
    """A data loader whose batches were read before; all else is that of the loader.

    Args:
        loader: The loader.
        length: Number of batches in an epoch.
    """

    def __init__(self, loader: Any, length: int) -> None:
        self.loader = loader
        # none comes twice: a step may move it to the device
        self.batches = list(islice(chain.from_iterable(repeat(loader)), length))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.batches)

    def __len__(self) -> int:
        return len(self.batches)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loader, name)


class Alternation:
    """Measures blocks of steps of a run, and lets another loop take as many steps beside each.

    Args:
        other: Takes a step.
        block: Number of steps in a block.
        clock: Returns the time, in seconds.
    """

    def __init__(self, other: Callable[[], None], block: int, clock: Callable[[], float]) -> None:
        self.other, self.block, self.clock = other, block, clock
        self.own: list[float] = []
        self.others: list[float] = []

    def begin(self, iteration: int) -> None:
        """Start the clock if a block begins; in every second one, the other loop is first."""
        if iteration % self.block == 0:
            if len(self.own) % 2:
                self._let_other()
            self.start = self.clock()

    def end(self, iteration: int) -> None:
        """Stop the clock if a block ends."""
        if iteration % self.block == self.block - 1:
            self.own.append(self.clock() - self.start)
            if len(self.own) % 2:
                self._let_other()

    def _let_other(self) -> None:
        start = self.clock()
        for _ in range(self.block):
            self.other()
        self.others.append(self.clock() - start)


class First(Hook):
    """Starts the clock before any other hook."""

    priority = 'HIGHEST'

    def __init__(self, alternation: Alternation) -> None:
        self.alternation = alternation

    def before_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        """Begin a step."""
        self.alternation.begin(runner.iter)


class Last(Hook):
    """Stops the clock after all other hooks."""

    priority = 'LOWEST'

    def __init__(self, alternation: Alternation) -> None:
        self.alternation = alternation

    def after_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        """End a step."""
        self.alternation.end(runner.iter)


def draw_images(folder: Path) -> None:
    """Write images of noise, and a table of their tags."""
    random = np.random.default_rng(0)
    lines = ['image,tags']
    for index in range(IMAGES):
        image = random.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        cv2.imwrite(str(folder / f'{index}.jpg'), image)
        tags = random.choice(CLASSES, 3, replace=False)
        lines.append(f'{index}.jpg,"{";".join(f"class {tag}" for tag in tags)}"')
    (folder / 'tags.csv').write_text('\n'.join(lines) + '\n')
    (folder / 'classes.txt').write_text('\n'.join(f'class {tag}' for tag in range(CLASSES)) + '\n')


def run_config(folder: Path, backbone: str, loss: str, amp: bool) -> Config:
    """Return the config of a run on the drawn images."""
    cfg = Config.fromfile(config(f'coco_0.4left_{loss.lower()}.py'))
    network, width = BACKBONES[backbone]
    cfg.model.backbone = network
    cfg.model.head.in_channels = width
    if loss == 'SPLC':
        cfg.model.head.loss.change_epoch = 0
    cfg.train_dataloader.update(batch_size=BATCH, num_workers=0, persistent_workers=False)
    cfg.train_dataloader.update(  # as tools/train.py does
        pin_memory=torch.cuda.is_available(), collate_fn=dict(type='default_collate')
    )
    cfg.train_dataloader.dataset = dict(
        type='mmpretrain_mlml.TagTable',
        ann_file='tags.csv',
        data_root=str(folder),
        classes=str(folder / 'classes.txt'),
        unlisted='absent',
        pipeline=[dict(type='mmpretrain_mlml.LoadWholeImage'), dict(type='PackInputs')],
    )
    for part in ('dataloader', 'cfg', 'evaluator'):
        cfg[f'val_{part}'] = cfg[f'test_{part}'] = None
    cfg.train_cfg.max_epochs = 1
    cfg.default_hooks.checkpoint.update(type='CheckpointHook', save_best=None, interval=10**6)
    cfg.default_hooks.checkpoint.save_last = False
    if amp:
        # fused on both sides: the loss scaler does not wait for the GPU
        cfg.optim_wrapper.update(type='AmpOptimWrapper', loss_scale='dynamic')
        cfg.optim_wrapper.optimizer.fused = True
    cfg.work_dir, cfg.log_level = str(folder / 'run'), 'ERROR'
    return cfg


def measure(cfg: Config, block: int, steps: int) -> list[float]:
    """Return the ratios of neighbouring blocks of the run and of the plain loop."""
    runner = Runner.from_cfg(cfg)
    runner.load_or_resume()
    loader = ReadBatches(runner.build_dataloader(runner._train_dataloader), steps)
    runner._train_dataloader = loader
    amp = cfg.optim_wrapper.type == 'AmpOptimWrapper'
    plain = PlainLoop(runner.model, cfg.param_scheduler.end * steps, amp)
    batches = cycle([stacked(batch) for batch in loader.batches[: IMAGES // BATCH]])
    clock = clock_of(next(runner.model.parameters()).device)
    alternation = Alternation(lambda: plain.step(*next(batches)), block, clock)
    runner.register_hook(CollectFromNow(), 'HIGHEST')
    runner.register_hook(First(alternation))
    runner.register_hook(Last(alternation))
    runner.train()
    pairs = list(zip(alternation.own, alternation.others))[WARM_UP:]
    return [own / other for own, other in pairs]


def measure_options(backbone: str, steps: int) -> dict[str, list[float]]:
    """Return how many times as fast as in float32 the training steps with each option are.

    Args:
        backbone: Name of the network.
        steps: Number of steps with each option that count.
    """
    with tempfile.TemporaryDirectory() as folder:
        draw_images(Path(folder))
        runners = {}
        for name, changes in OPTIONS.items():
            cfg = run_config(Path(folder), backbone, 'Hill', amp=False)
            cfg.merge_from_dict(changes)
            cfg.experiment_name = name
            runner = runners[name] = Runner.from_cfg(cfg)
            runner.model.train()
            runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
            for hook in runner.hooks:
                if isinstance(hook, ChannelsLastHook):
                    hook.before_run(runner)
            runner._maybe_compile('train_step')
        batches = cycle(list(runner.build_dataloader(cfg.train_dataloader)))
        seconds: dict[str, list[float]] = {name: [] for name in OPTIONS}
        for _, batch in zip(range(steps + WARM_UP), batches):
            for name, runner in runners.items():
                start = process_time()
                runner.model.train_step(deepcopy(batch), optim_wrapper=runner.optim_wrapper)
                seconds[name].append(process_time() - start)
    plain = seconds.pop('float32')
    return {name: [a / b for a, b in zip(plain, own)][WARM_UP:] for name, own in seconds.items()}


def stacked(batch: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """Return the images of a batch, (N, 3, H, W) uint8, and their targets, (N, C)."""
    targets = torch.zeros(len(batch['inputs']), CLASSES)
    for row, sample in enumerate(batch['data_samples']):
        targets[row, sample.gt_label] = 1
    pinned = torch.cuda.is_available()
    images = batch['inputs'].clone()
    return (images.pin_memory(), targets.pin_memory()) if pinned else (images, targets)


def clock_of(device: torch.device) -> Callable[[], float]:
    """Return a clock for work on a device."""

    def synchronised() -> float:
        torch.cuda.synchronize()
        return perf_counter()

    return synchronised if device.type == 'cuda' else process_time


def main() -> None:
    """Measure and print; write the ratios where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='file for the ratios, as JSON')
    parser.add_argument('--steps', type=int, help='of each run; 200, with --options 12')
    parser.add_argument('--quick', action='store_true', help='Hill alone, 10 steps')
    parser.add_argument('--options', action='store_true', help='what config options bring on a CPU')
    parser.add_argument('--device', choices=['cpu', 'cuda'], default='cpu')
    parser.add_argument('--only', metavar='NAME', help="such as 'MobileNetV2, SPLC'")
    parser.add_argument('--amp', action='store_true', help='float16 with a loss scaler')
    args = parser.parse_args()
    if args.device == 'cpu':
        torch.set_num_threads(1)
    keep_freed_memory()
    results = report_options(args.steps or 12) if args.options else report_loops(args)
    if args.out:
        args.out.write_text(json.dumps(results, indent=2) + '\n')


def report_options(steps: int) -> dict[str, Any]:
    """Measure and print what options bring; return it."""
    table = Table('network', 'option', 'times as fast as float32', 'half of the steps')
    results: dict[str, Any] = {}
    for backbone in BACKBONES:
        for name, speeds in measure_options(backbone, steps).items():
            low, _, high = quantiles(speeds, n=4)
            results[f'{backbone}, {name}'] = median(speeds)
            table.add_row(backbone, name, f'{median(speeds):.2f}', f'{low:.2f} to {high:.2f}')
    Console().print(table)
    return results


def report_loops(args: argparse.Namespace) -> dict[str, Any]:
    """Measure and print the ratios of the runs and the plain loops; return them."""
    steps = args.steps or (10 if args.quick else 200)
    table = Table('network', 'loss', 'run / plain loop', 'half of the blocks', title=args.device)
    results: dict[str, Any] = {'comparisons': []}
    for backbone in BACKBONES:
        for loss in LOSSES[:1] if args.quick else LOSSES:
            if args.only not in (None, f'{backbone}, {loss}'):
                continue
            with tempfile.TemporaryDirectory() as folder:
                draw_images(Path(folder))
                cfg = run_config(Path(folder), backbone, loss, args.amp)
                ratios = measure(cfg, 1 if args.device == 'cpu' else 20, steps)
            low, _, high = quantiles(ratios, n=4)
            name = f'{backbone}, {loss}'
            results[name] = median(ratios)
            row = of_ratios(name, 'a plain PyTorch loop', [1 / ratio for ratio in ratios])
            results['comparisons'].append(row)
            spread = f'{low:.3f} to {high:.3f}'
            table.add_row(backbone, loss, f'{median(ratios):.3f}', spread)
    Console().print(table)
    return results


if __name__ == '__main__':
    main()
