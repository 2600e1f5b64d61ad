"""The share of time in which the device computes while a run trains, and its images a second.

python benchmarks/gpu_share.py [--out gpu_share.json] [--device cpu --tiny]

The COCO recipe with SPLC in float16 (ResNet-50, 448 pixels, batches of 128), all default hooks, and
the real data loader with its augmentations, on drawn JPEG files of 640 x 480 pixels. The share is the
union of the times of all kernels over the time that passed, copies left out. On a CPU, whose figure
says nothing, operations count as kernels.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from joblib import cpu_count
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner
from photo_folder import TRAIN_LISTS, draw_folder
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity, profile

from mmpretrain_mlml import config

WARM_UP, STEPS = 16, 48
# Copies, and spans between marks in a program, which are no work of the device.
NO_KERNELS = 'Memcpy', 'Memset', 'Optimizer.', 'ProfilerStep', 'enumerate('


class Measured(Hook):
    """Profiles the steps of a run after some others.

    Args:
        first: Number of the first step.
        steps: Number of steps.
        device: Device of the run.
    """

    priority = 'LOWEST'

    def __init__(self, first: int, steps: int, device: str) -> None:
        self.first, self.last, self.device = first, first + steps, device
        activity = ProfilerActivity.CUDA if device == 'cuda' else ProfilerActivity.CPU
        self.profile = profile(activities=[activity])
        self.seconds = 0.0

    def after_train_iter(self, runner: Runner, *args: Any, **kwargs: Any) -> None:
        """Start or stop."""
        if runner.iter + 1 == self.first:
            self._wait()
            self.profile.start()
            self.start = time.perf_counter()
        elif runner.iter + 1 == self.last:
            self._wait()
            self.seconds = time.perf_counter() - self.start
            self.profile.stop()

    def busy(self) -> float:
        """Return the time in which the device computed, in seconds."""
        kind = DeviceType.CUDA if self.device == 'cuda' else DeviceType.CPU
        profiler = self.profile.profiler
        results = profiler.kineto_results if profiler else None
        assert results is not None
        events = [
            (event.start_ns(), event.start_ns() + event.duration_ns())
            for event in results.events()
            if event.device_type() == kind and not event.name().startswith(NO_KERNELS)
        ]
        return union(events) / 1e9

    def _wait(self) -> None:
        if self.device == 'cuda':
            torch.cuda.synchronize()


def union(intervals: Iterable[tuple[float, float]]) -> float:
    """Return the length that intervals cover together.

    >>> union([(0, 2), (1, 3), (5, 6)])
    4
    """
    covered, end = 0.0, float('-inf')
    for start, stop in sorted(intervals):
        covered += max(stop - max(start, end), 0)
        end = max(end, stop)
    return covered


def run_config(folder: Path, steps: int, tiny: bool) -> Config:
    """Return the config of a run on drawn images; tiny: on small ones with a small network."""
    cfg = Config.fromfile(config('coco_0.4left_splc_fp16.py'))
    batch = 4 if tiny else cfg.train_dataloader.batch_size
    draw_folder(folder / 'images', steps * batch, 1, 96 if tiny else None)
    cfg.train_dataloader.update(
        batch_size=batch,
        num_workers=1 if tiny else max(1, cpu_count() - 1),
        pin_memory=True,
        persistent_workers=False,
        collate_fn=dict(type='default_collate'),  # as tools/train.py does
    )
    cfg.train_dataloader.dataset.update(
        ann_file=TRAIN_LISTS[0], data_root=str(folder / 'images'), data_prefix='train2014'
    )
    for part in ('dataloader', 'cfg', 'evaluator'):
        cfg[f'val_{part}'] = cfg[f'test_{part}'] = None
    cfg.model.backbone.init_cfg = None
    cfg.train_cfg.max_epochs = 1
    cfg.default_hooks.checkpoint.update(type='CheckpointHook', save_best=None, interval=10**6)
    cfg.default_hooks.checkpoint.save_last = False
    if tiny:
        cfg.model.backbone = dict(type='ResNet', depth=18)
        cfg.model.head.in_channels = 512
        cfg.optim_wrapper.dtype = 'bfloat16'
        cfg.train_dataloader.dataset.pipeline[1].scale = (64, 64)
    cfg.work_dir, cfg.log_level = str(folder / 'run'), 'ERROR'
    return cfg


def main() -> None:
    """Measure and print; write the figures where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='file for the figures, as JSON')
    parser.add_argument('--device', choices=['cpu', 'cuda'], default='cuda')
    parser.add_argument('--tiny', action='store_true', help='a few small steps, to try it')
    args = parser.parse_args()
    first, steps = (2, 3) if args.tiny else (WARM_UP, STEPS)
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner.from_cfg(run_config(Path(folder), first + steps + 1, args.tiny))
        measured = Measured(first, steps, args.device)
        runner.register_hook(measured)
        runner.train()
        images = steps * runner.train_dataloader.batch_size
    results = {
        'computing': measured.busy() / measured.seconds,
        'images a second': images / measured.seconds,
        'data workers': runner.train_dataloader.num_workers,
    }
    print(
        f'{args.device}: computing {100 * results["computing"]:.1f} % of the time, '
        f'{results["images a second"]:.0f} images a second'
    )
    if args.out:
        args.out.write_text(json.dumps(results, indent=2) + '\n')


if __name__ == '__main__':
    main()
