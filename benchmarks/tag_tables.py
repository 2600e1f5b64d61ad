"""Time and memory of TagTable by the number of images: first start, second start, access, a step.

    python benchmarks/tag_tables.py --out tag_tables.json --figure tag_tables.png
    python benchmarks/tag_tables.py --images 9000000 --out open_images.json

Each table is generated (seeded; 9,605 classes, 8 labels an image, as in Open Images), opened by one
process without a cache and by another with it, and trained on for a step with two data workers by a
third. The image files are not part of it: a transform draws them. Memory is the resident set at its
highest, as the kernel counts it, including what is mapped from the cache.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import DataLoader, Dataset

CLASSES, LABELS = 9605, 8
GIB = 1 << 30


def write_table(path: Path, images: int) -> None:
    """Write a table of one row an image, its tags in a cell."""
    random = np.random.default_rng(0)
    names = np.array([f'/m/{number:05x}' for number in range(CLASSES)])
    path.with_name('classes.txt').write_text('\n'.join(names) + '\n')
    weights = 1 / np.arange(1, CLASSES + 1) ** 0.8
    edges = np.cumsum(weights / weights.sum())
    with path.open('w') as file:
        file.write('image,tags\n')
        for begin in range(0, images, 10_000):
            count = min(10_000, images - begin)
            drawn = names[np.searchsorted(edges, random.random((count, LABELS)))]
            rows = (
                f'train/{begin + row:08x}.jpg,{";".join(dict.fromkeys(tags))}\n'
                for row, tags in enumerate(drawn.tolist())
            )
            file.writelines(rows)


def resident() -> float:
    """Return the highest resident set of this process so far, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / GIB


def open_table(path: Path) -> dict[str, float]:
    """Open a table as training does; return seconds and GiB, less what the imports take."""
    from mmpretrain_mlml import TagTable

    before, start, cpu = resident(), time.perf_counter(), time.process_time()
    dataset = TagTable(str(path), classes=str(path.with_name('classes.txt')), cache=True)
    opened = {
        'seconds': time.perf_counter() - start,
        'cpu_seconds': time.process_time() - cpu,
        'resident_gib': resident(),
    }
    random = np.random.default_rng(0)
    some = random.integers(len(dataset), size=2000).tolist()
    cpu = time.process_time()
    for index in some:
        dataset.get_data_info(index)
    opened['access_us'] = (time.process_time() - cpu) / len(some) * 1e6
    opened['imports_gib'] = before
    return opened


def private_memory() -> float:
    """Return the memory that this process shares with no other, in GiB."""
    lines = Path('/proc/self/smaps_rollup').read_text().splitlines()
    private = [int(line.split()[1]) for line in lines if line.startswith('Private')]
    return sum(private) * 1024 / GIB


class Reader(Dataset):
    """Reads samples in a worker and returns the private memory of the worker after each part."""

    def __init__(self, dataset: Dataset, parts: int = 10, samples: int = 2000) -> None:
        self.dataset, self.parts, self.samples = dataset, parts, samples

    def __len__(self) -> int:
        return self.parts

    def __getitem__(self, part: int) -> float:
        random = np.random.default_rng(part)
        total = len(self.dataset)  # type: ignore[arg-type]
        for index in random.integers(total, size=self.samples).tolist():
            self.dataset.get_data_info(index)  # type: ignore[attr-defined]
        return private_memory()


def train_step(path: Path) -> dict[str, Any]:
    """Train a small network for a step, with two data workers; return memory in GiB."""
    import torch
    from mmcv.transforms import BaseTransform
    from mmengine.runner import Runner
    from mmpretrain.registry import TRANSFORMS

    import mmpretrain_mlml  # noqa: F401  registers the parts

    @TRANSFORMS.register_module()
    class DrawnImage(BaseTransform):
        """An image of one colour in place of a file."""

        def transform(self, results: dict) -> dict:
            results['img'] = np.full((32, 32, 3), results['sample_idx'] % 256, np.uint8)
            results['img_shape'] = results['ori_shape'] = (32, 32)
            return results

    torch.set_num_threads(1)
    runner = Runner.from_cfg(
        {
            'default_scope': 'mmpretrain',
            'work_dir': tempfile.mkdtemp(),
            'model': {
                'type': 'ImageClassifier',
                'backbone': {'type': 'ResNet', 'depth': 18, 'out_indices': (3,)},
                'neck': {'type': 'GlobalAveragePooling'},
                'head': {
                    'type': 'MultiLabelLinearClsHead',
                    'num_classes': CLASSES,
                    'in_channels': 512,
                    'loss': {'type': 'mmpretrain_mlml.Hill', 'unknown': 'unobserved'},
                },
                'data_preprocessor': {'num_classes': CLASSES, 'to_onehot': True},
            },
            'train_dataloader': {
                'batch_size': 8,
                'num_workers': 2,
                'sampler': {'type': 'DefaultSampler', 'shuffle': True},
                'dataset': {
                    'type': 'TagTable',
                    'ann_file': str(path),
                    'classes': str(path.with_name('classes.txt')),
                    'cache': True,
                    'pipeline': [{'type': 'DrawnImage'}, {'type': 'PackInputs'}],
                },
            },
            'train_cfg': {'by_epoch': False, 'max_iters': 1},
            'optim_wrapper': {'optimizer': {'type': 'SGD', 'lr': 0.01}},
            'default_hooks': {'checkpoint': None, 'logger': None, 'runtime_info': None},
            'log_level': 'WARNING',
        }
    )
    cpu = time.process_time()
    runner.train()
    step = {'step_cpu_seconds': time.process_time() - cpu, 'resident_gib': resident()}
    reader = DataLoader(Reader(runner.train_dataloader.dataset), batch_size=None, num_workers=1)
    return {**step, 'worker_private_gib': list(reader)}


STAGES = {'first': open_table, 'second': open_table, 'step': train_step}


def measure(folder: Path, images: int) -> dict[str, Any]:
    """Generate a table and measure each stage in a process of its own."""
    path = folder / 'tags.csv'
    write_table(path, images)
    result: dict[str, Any] = {
        'images': images,
        'classes': CLASSES,
        'table_gb': path.stat().st_size / 1e9,
    }
    for stage in STAGES:
        command = [sys.executable, __file__, '--stage', stage, '--table', str(path)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        result[stage] = json.loads(done.stdout.splitlines()[-1])
        print(images, stage, result[stage], flush=True)
    (cache,) = folder.glob('.tags.csv.*.cache')
    result['cache_gb'] = cache.stat().st_size / 1e9
    for file in (path, cache):
        file.unlink()
    return result


def draw(results: list[dict[str, Any]], path: Path) -> None:
    """Draw time and memory by the number of images."""
    from matplotlib.figure import Figure

    figure = Figure((9, 3.6), layout='constrained')
    left, right = figure.subplots(1, 2)
    images = [result['images'] for result in results]
    for stage, label in (('first', 'first start: parses'), ('second', 'second start: cache')):
        left.plot(images, [result[stage]['cpu_seconds'] for result in results], 'o-', label=label)
        memory = [result[stage]['resident_gib'] for result in results]
        right.plot(images, memory, 'o-', label=label.split(':')[0])
    steps = [result['step']['resident_gib'] for result in results]
    right.plot(images, steps, 'o-', label='training, main process')
    workers = [result['step']['worker_private_gib'][-1] for result in results]
    right.plot(images, workers, 'o-', label='training, private to a worker')
    right.axhline(results[0]['second']['imports_gib'], color='grey', ls=':', label='imports alone')
    left.set(xscale='log', yscale='log', xlabel='images', ylabel='seconds of one CPU to open')
    right.set(xscale='log', xlabel='images', ylabel='resident memory, GiB', ylim=0)
    for axes in (left, right):
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--images', type=int, nargs='+', default=[10**n for n in range(4, 8)])
    parser.add_argument('--folder', type=Path, help='where the tables are generated')
    parser.add_argument('--out', type=Path, help='JSON file of the results')
    parser.add_argument('--figure', type=Path, help='PNG file')
    parser.add_argument('--stage', choices=STAGES, help=argparse.SUPPRESS)
    parser.add_argument('--table', type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.stage:
        from mmengine.logging import MMLogger

        MMLogger.get_instance('benchmark', log_level='WARNING')
        print(json.dumps(STAGES[args.stage](args.table)))
        return
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        results = [measure(Path(folder), images) for images in args.images]
    if args.out:
        args.out.write_text(json.dumps(results, indent=1) + '\n')
    if args.figure:
        draw(results, args.figure)


if __name__ == '__main__':
    main()
