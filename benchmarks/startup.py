"""What starting costs, beside the stack alone: the import, --help of the tools, the first step.

python benchmarks/startup.py [--quick] [--out startup.json] [--rounds 5] [--lists FOLDER]

- **Import:** ``import mmpretrain_mlml`` after ``import mmpretrain``, beside that.
- **--help:** every tool.
- **First step:** tools/train.py with all its checks, until the first iteration has ended, beside
  MMEngine's runner with MMPretrain's own parts (data set, hooks, loss, schedule) on 16 images; and our
  config in that runner. 82,081 images to train on and 40,137 to validate, from label lists and from
  instances files of COCO whose caches are there. Labels are drawn, or those of ``--lists``, a folder
  with the released lists; of the images, those of the first batch are drawn. ResNet-18, two images.

Each start is a process of its own, with one thread; starts of both sides alternate after a warm-up.
Time is the CPU time of the process, the median over rounds; differences are those of neighbours.
"""

import argparse
import compileall
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from comparisons import compare
from rich.console import Console
from rich.table import Table

from mmpretrain_mlml.labels import COCO_CLASSES, parse_instances

ROOT = Path(__file__).parents[1]
SIZES = {'train': 82_081, 'val': 40_137}
SOURCES = {'a list': 'txt', 'a cached COCO JSON': 'json'}

# Draws the images of the first batch, and ends the process after it, with its CPU time.
CLOCK = """
import os, time
import cv2, numpy as np
from mmengine.hooks import Hook

class FirstStep(Hook):
    def before_train(self, runner):
        loader = runner.train_dataloader
        for index in next(iter(loader.batch_sampler)):
            path = loader.dataset.get_data_info(index)['img_path']
            cv2.imwrite(path, np.zeros((480, 640, 3), np.uint8))

    def after_train_iter(self, runner, *args, **kwargs):
        print(f'\\nseconds: {time.process_time()}', flush=True)
        os._exit(0)
"""
IMPORT = """
import time
import mmpretrain
print(f'seconds: {time.process_time()}')
import mmpretrain_mlml
print(f'seconds: {time.process_time()}')
"""
RUN = """
import sys
from mmengine.config import Config
from mmengine.runner import Runner
Runner.from_cfg(Config.fromfile(sys.argv[1])).train()
"""
OWN = """
_base_ = __import__('mmpretrain_mlml').config('coco_full_hill.py')
model = dict(backbone=dict(depth=18, init_cfg=None), head=dict(in_channels=512))
loading = dict(batch_size=2, num_workers=0, persistent_workers=False)
place = dict(data_root={folder!r}, data_prefix='.')
train_dataloader = dict(**loading, dataset=dict(ann_file='train.{ending}', **place))
val_dataloader = dict(**loading, dataset=dict(ann_file='val.{ending}', **place))
test_dataloader = val_dataloader
custom_hooks = [*_base_.custom_hooks, dict(type='clock.FirstStep', priority='LOWEST')]
work_dir = '{folder}/run'
"""
STOCK = """
default_scope = 'mmpretrain'
model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(mean=[0.0] * 3, std=[255.0] * 3, to_rgb=True, num_classes=80),
    backbone=dict(type='ResNet', depth=18, out_indices=(3,)),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(type='MultiLabelLinearClsHead', num_classes=80, in_channels=512,
              loss=dict(type='AsymmetricLoss')),
)
pipeline = [
    dict(type='LoadImageFromFile'), dict(type='Resize', scale=(448, 448)), dict(type='PackInputs'),
]
train_dataloader = dict(
    batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='MultiLabelDataset', ann_file='{folder}/stock.json', data_prefix={folder!r},
                 pipeline=pipeline),
)
val_dataloader = {{**train_dataloader, 'sampler': dict(type='DefaultSampler', shuffle=False)}}
val_evaluator = [dict(type='AveragePrecision'), dict(type='MultiLabelMetric')]
train_cfg = dict(by_epoch=True, max_epochs=31)
val_cfg = dict()
optim_wrapper = dict(
    optimizer=dict(type='Adam', lr=1e-4, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0, flat_decay_mult=0.0),
)
param_scheduler = dict(type='OneCycleLR', eta_max=1e-4, total_steps=80, convert_to_iter_based=True)
custom_hooks = [
    dict(type='EMAHook', momentum=3e-4), dict(type='clock.FirstStep', priority='LOWEST'),
]
default_hooks = dict(
    checkpoint=dict(type='CheckpointHook'), visualization=dict(type='VisualizationHook'),
)
visualizer = dict(type='UniversalVisualizer', vis_backends=[dict(type='LocalVisBackend')])
randomness = dict(seed=0)
work_dir = '{folder}/run'
"""


class Children:
    """Starts processes with one thread, which may keep their byte code, as installed packages do.

    Args:
        folder: Folder of the configs.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            **os.environ, 'OMP_NUM_THREADS': '1', 'PYTHONWARNINGS': 'ignore',
            'PYTHONPATH': f'{folder}:{ROOT}',
        }  # fmt: skip
        self.env.pop('PYTHONDONTWRITEBYTECODE', None)

    def seconds(self, *arguments: str | Path) -> float:
        """Return the CPU time of a whole process."""
        before = os.times()
        self._run(arguments)
        after = os.times()
        used = after.children_user + after.children_system
        return used - before.children_user - before.children_system

    def first_step(self, *arguments: str | Path) -> float:
        """Return the CPU time of a training until its first step has ended."""
        (seconds,) = self.reported(*arguments)
        return seconds

    def reported(self, *arguments: str | Path) -> list[float]:
        """Return the CPU times that a process prints."""
        lines = self._run(arguments).splitlines()
        return [float(line.split()[1]) for line in lines if line.startswith('seconds: ')]

    def _run(self, arguments: Sequence[str | Path]) -> str:
        command = [sys.executable, *map(str, arguments)]
        done = subprocess.run(
            command, env=self.env, cwd=self.folder, text=True, capture_output=True
        )
        if done.returncode:
            raise SystemExit(f'error: {" ".join(command[1:])} failed:\n{done.stderr[-3000:]}')
        return done.stdout


def draw_labels(folder: Path, lists: Path | None) -> None:
    """Write lists, instances files with their caches, the stock file, and the configs."""
    random = np.random.default_rng(0)
    categories = [{'id': n, 'name': name} for n, name in enumerate(COCO_CLASSES)]
    for part, size in SIZES.items():
        path = folder / f'{part}.txt'
        if lists is not None:
            path.write_text((lists / f'coco_{part}_full.txt').read_text())
        else:
            labels = np.sort(random.integers(0, 80, (size, 3)), axis=1)
            lines = (
                f'COCO_{part}2014_{n:012}.jpg,{" ".join(map(str, sorted({*row})))}\n'
                for n, row in enumerate(labels.tolist())
            )
            path.write_text(''.join(lines))
        names, ids = zip(*(line.split(',') for line in path.read_text().splitlines()))
        instances = {
            'images': [{'id': n, 'file_name': name} for n, name in enumerate(names)],
            'annotations': [
                {'image_id': n, 'category_id': int(c), 'iscrowd': 0}
                for n, row in enumerate(ids)
                for c in row.split()
            ],
            'categories': categories,
        }
        (folder / f'{part}.json').write_text(json.dumps(instances))
    rows = [{'img_path': f'{n}.jpg', 'gt_label': [n]} for n in range(16)]
    stock = {'metainfo': {'classes': COCO_CLASSES}, 'data_list': rows}
    (folder / 'stock.json').write_text(json.dumps(stock))
    (folder / 'clock.py').write_text(CLOCK)
    (folder / 'run.py').write_text(RUN)
    (folder / 'stock_config.py').write_text(STOCK.format(folder=str(folder)))
    for ending in SOURCES.values():
        text = OWN.format(folder=str(folder), ending=ending)
        (folder / f'{ending}_config.py').write_text(text)
    time.sleep(2.1)  # then a look at the time of a file is enough to know that it is unchanged
    for part in SIZES:
        parse_instances(str(folder / f'{part}.json'), COCO_CLASSES)


def import_times(children: Children, rounds: int) -> list[list[float]]:
    """Return the seconds with and without this package, of the same processes, after a warm-up."""
    return [children.reported('-c', IMPORT)[::-1] for _ in range(rounds + 1)][1:]


def help_times(children: Children, rounds: int) -> dict[str, float]:
    """Return the median seconds of --help of each tool."""
    tools = [path for path in sorted((ROOT / 'tools').glob('*.py')) if path.stem != 'command_line']
    return {
        tool.name: median(children.seconds(tool, '--help') for _ in range(rounds)) for tool in tools
    }


def step_times(children: Children, rounds: int, bare: bool) -> dict[str, list[float]]:
    """Return the seconds to the first step, by what was started."""
    folder = children.folder
    starts = {
        source: (ROOT / 'tools/train.py', f'{folder}/{ending}_config.py')
        for source, ending in SOURCES.items()
    }
    starts['stack'] = folder / 'run.py', f'{folder}/stock_config.py'
    if bare:
        starts['our config in the runner'] = folder / 'run.py', f'{folder}/txt_config.py'
    times: dict[str, list[float]] = {name: [] for name in starts}
    for _ in range(rounds):
        for name, command in starts.items():
            times[name].append(children.first_step(*command))
    return times


def measure(quick: bool, rounds: int, lists: Path | None) -> dict[str, Any]:
    """Return all figures: rows of seconds, and the comparisons of those that have a stack."""
    for folder in ('mmpretrain_mlml', 'tools'):  # as in an installed package
        compileall.compile_dir(ROOT / folder, quiet=1)
    with tempfile.TemporaryDirectory() as name:
        children = Children(Path(name))
        draw_labels(Path(name), lists)
        imports = import_times(children, 1 if quick else rounds)
        helps = help_times(children, 1 if quick else rounds)
        if not quick:
            step_times(children, 1, True)
        steps = step_times(children, 1 if quick else rounds, not quick)
    slowest = max(helps, key=lambda tool: helps[tool])
    stack = steps.pop('stack')
    own, other = (list(column) for column in zip(*imports, strict=True))
    pairs = {'import': (own, other, 'import mmpretrain')}
    for source, own in steps.items():
        name = f'first step, {source}'
        pairs[name] = own, stack, "MMPretrain's parts, 16 images"
    rows = [
        {
            'what': what, 'ours': median(own), 'stack': median(other),
            'difference': median(a - b for a, b in zip(own, other)),
        }
        for what, (own, other, _) in pairs.items()
    ]  # fmt: skip
    rows.append({'what': f'--help, the slowest: {slowest}', 'ours': helps[slowest]})
    return {
        'rows': rows,
        'help': helps,
        'comparisons': [
            compare(what, peer, own, other) for what, (own, other, peer) in pairs.items()
        ],
    }


def main() -> None:
    """Measure and print; write the figures where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--quick', action='store_true', help='one round without a warm-up')
    parser.add_argument('--out', type=Path, help='file for the figures, as JSON')
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--lists', type=Path, help='folder with the released label lists')
    args = parser.parse_args()
    result = measure(args.quick, args.rounds, args.lists)
    table = Table('CPU seconds', 'ours', 'stack alone', 'difference')
    for row in result['rows']:
        figures = [row.get(key) for key in ('ours', 'stack', 'difference')]
        table.add_row(row['what'], *('' if n is None else f'{n:.2f}' for n in figures))
    Console().print(table)
    if args.out:
        args.out.write_text(json.dumps(result, indent=1) + '\n')


if __name__ == '__main__':
    main()
