"""Images a second and core of the input pipeline, beside torchvision's and timm's on Pillow.

    python benchmarks/input.py --out input.json
    python benchmarks/input.py --quality 97            # larger files, of 122 kB
    python benchmarks/input.py --images PHOTOGRAPHS    # of a folder instead of drawn ones

From the bytes of a JPEG file of 640 x 480 pixels to a tensor of 448 x 448. All pipelines take the same
files, one after another in changing order, with one thread; what counts is CPU time, so that other
load matters less. A ratio is the median over the rounds of the quotient of two times of one round.

"The same augmentations" is the released recipe written with Pillow and torchvision: the reference.
"MMPretrain's classes" is the same config with their resize by Pillow, RandAugment and packing.
"""

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median, quantiles
from time import process_time
from typing import Any

import cv2
import numpy as np
import torch
from comparisons import compare, machine
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import TRANSFORMS
from PIL import Image, ImageDraw, ImageEnhance, ImageOps
from rich.console import Console
from rich.table import Table
from timm.data import create_transform
from torchvision import transforms as tv

from mmpretrain_mlml import LoadWholeImage, config
from mmpretrain_mlml.transforms.cached_steps import cache_first_steps

SOURCE, TARGET = (640, 480), 448
GREY = (128, 128, 128)


def draw(seed: int) -> Image.Image:
    """Return a picture with the spectrum, the edges and the noise of a photograph."""
    random = np.random.default_rng(seed)
    width, height = SOURCE
    waves = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None])
    waves[0, 0] = 1
    phases = np.exp(2j * np.pi * random.random((3, height, width)))
    field = np.fft.ifft2(phases / waves**1.6).real  # amplitudes fall with the frequency
    field = (field - field.mean()) / field.std()
    grey = field.mean(0, keepdims=True)
    values = 118 + 38 * (1.4 * grey + 0.35 * field)
    picture = Image.fromarray(values.clip(0, 255).astype(np.uint8).transpose(1, 2, 0).copy())
    pencil = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y = random.integers(0, SOURCE).tolist()
        w, h = random.integers(10, 160, 2).tolist()
        colour = tuple(random.integers(0, 256, 3).tolist())
        (pencil.ellipse if random.random() < 0.5 else pencil.rectangle)(
            (x, y, x + w, y + h), colour
        )
    noisy = np.asarray(picture) + random.normal(0, 2, (height, width, 3))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def prepare(folder: Path, source: Path | None, count: int, quality: int) -> list[str]:
    """Write JPEG files of the size of COCO's and return their paths."""
    found = sorted(source.glob('*.jpg'))[:count] if source else []
    paths = []
    for number in range(len(found) or count):
        picture = Image.open(found[number]).convert('RGB') if found else draw(number)
        path = folder / f'{number:03}.jpg'
        picture.resize(SOURCE, Image.Resampling.BICUBIC).save(path, quality=quality)
        paths.append(str(path))
    return paths


def build(split: str, before: bool = False, cache: str = '') -> Compose:
    """Return the transforms of the released recipe.

    Args:
        split: ``'train'`` or ``'val'``.
        before: Whether to take MMPretrain's classes.
        cache: Folder of a cache, if any.
    """
    init_default_scope('mmpretrain')
    cfg = Config.fromfile(config('coco_0.4left_splc.py'))
    steps = [step.to_dict() for step in cfg[f'{split}_dataloader'].dataset.pipeline]
    if before:
        steps[1]['backend'] = 'pillow'
        steps[-1] = {'type': 'PackInputs'}
    pipeline = Compose(cache_first_steps(steps, cache) if cache else steps)
    if before:
        augment = pipeline.transforms[3]
        augment.transforms = [TRANSFORMS.build(policy) for policy in augment.policies]
    return pipeline


def inputs_of(pipeline: Compose) -> Callable[[str], Any]:
    """Return a pipeline as a function from a path to a tensor."""
    return lambda path: pipeline({'img_path': path, 'gt_label': [1, 2]})['inputs']


class Recipe:
    """Cutout and RandAugment of the released trainer, on pictures of Pillow."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(0)
        affine = Image.Transform.AFFINE
        bicubic = Image.Resampling.BICUBIC

        def moved(image: Image.Image, *matrix: float, resample: int = 0) -> Image.Image:
            return image.transform(image.size, affine, matrix, resample, fillcolor=GREY)

        self.operations: list[Callable[[Image.Image, float, int], Image.Image]] = [
            lambda i, m, s: ImageOps.invert(i),
            lambda i, m, s: self.cutout(i, (int(20 * m),) * 2, (125, 122, 113)),
            lambda i, m, s: ImageEnhance.Sharpness(i).enhance(1 + 0.9 * s * m),
            lambda i, m, s: ImageOps.autocontrast(i),
            lambda i, m, s: ImageOps.posterize(i, round(8 - 4 * m)),
            lambda i, m, s: moved(i, 1, 0.3 * s * m, 0, 0, 1, 0, resample=bicubic),
            lambda i, m, s: moved(i, 1, 0, 150 / 331 * s * m * i.width, 0, 1, 0),
            lambda i, m, s: moved(i, 1, 0, 0, 0, 1, 150 / 331 * s * m * i.height),
            lambda i, m, s: moved(i, 1, 0, 0, 0.3 * s * m, 1, 0, resample=bicubic),
            lambda i, m, s: i.rotate(30 * m, fillcolor=GREY),
            lambda i, m, s: ImageOps.equalize(i),
            lambda i, m, s: ImageEnhance.Contrast(i).enhance(1 + 0.9 * s * m),
            lambda i, m, s: ImageEnhance.Color(i).enhance(1 + 0.9 * s * m),
            lambda i, m, s: ImageOps.solarize(i, int(256 - 256 * m)),
            lambda i, m, s: ImageEnhance.Brightness(i).enhance(1 + 0.9 * s * m),
        ]

    def cutout(self, image: Image.Image, size: Sequence[int], colour: Any) -> Image.Image:
        """Fill a box around a random centre."""
        x, y = self.random.integers(0, image.size).tolist()
        w, h = size[0] // 2, size[1] // 2
        image = image.copy()
        ImageDraw.Draw(image).rectangle((x - w, y - h, x + w - 1, y + h - 1), colour)
        return image

    def __call__(self, image: Image.Image) -> Image.Image:
        colour = tuple(self.random.integers(0, 256, 3).tolist())
        image = self.cutout(image, (image.width // 2, image.height // 2), colour)
        for operation in self.random.integers(0, len(self.operations), 2):
            if self.random.random() < 0.5:
                step, sign = self.random.integers(1, 10) / 9, self.random.choice((-1, 1))
                image = self.operations[operation](image, float(step), int(sign))
        return image


def on_pillow(*steps: Callable) -> Callable[[str], Any]:
    """Return a pipeline that loads with Pillow."""
    pipeline = tv.Compose(list(steps))
    return lambda path: pipeline(Image.open(path).convert('RGB'))


def reduced(size: int, reduce_to: int | None) -> Callable[[str], Any]:
    """Return the pipeline of a validation at another size."""
    scale = (size, size)
    pipeline = Compose(
        [
            {'type': 'mmpretrain_mlml.LoadWholeImage', 'reduce_to': reduce_to},
            {'type': 'mmpretrain_mlml.SmoothResize', 'scale': scale},
            {'type': 'mmpretrain_mlml.PackPlanes'},
        ]
    )
    return inputs_of(pipeline)


def pipelines(cache: str) -> dict[str, Callable[[str], Any]]:
    """Return what is compared, by name: a function of a path. The first is the reference."""
    resize = tv.Resize((TARGET, TARGET))
    recipe = Recipe()
    timm_train = create_transform(
        (3, TARGET, TARGET), is_training=True, auto_augment='rand-m9-n2', re_prob=0.5,
        interpolation='bilinear', use_prefetcher=True,
    )  # fmt: skip
    load = LoadWholeImage()
    return {
        'torchvision on Pillow, the same augmentations': on_pillow(resize, recipe, tv.ToTensor()),
        'torchvision on Pillow, its RandAugment': on_pillow(
            resize,
            lambda i: recipe.cutout(i, (224, 224), GREY),
            tv.RandAugment(2, 9),
            tv.ToTensor(),
        ),
        'timm on Pillow, its RandAugment': on_pillow(timm_train),
        'this package': inputs_of(build('train')),
        'this package, from the cache': inputs_of(build('train', cache=cache)),
        "this package, MMPretrain's classes": inputs_of(build('train', before=True)),
        'validation: torchvision on Pillow': on_pillow(resize, tv.ToTensor()),
        'validation: this package': inputs_of(build('val')),
        'validation: this package, from the cache': inputs_of(build('val', cache=cache)),
        'to 224: torchvision on Pillow': on_pillow(tv.Resize((224, 224)), tv.ToTensor()),
        'to 224: this package': reduced(224, None),
        'to 224: this package, reduced decoding': reduced(224, 224),
        'loading alone: Pillow': lambda path: np.asarray(Image.open(path).convert('RGB')),
        'loading alone: this package': lambda path: load({'img_path': path}),
    }


def measure(runs: dict[str, Callable[[str], Any]], paths: list[str], rounds: int) -> dict[str, Any]:
    """Return milliseconds of CPU an image in each round, and the ratios to the first pipeline."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():  # warm up
        for path in paths:  # which also fills the cache
            run(path)
    for number in range(rounds):
        for name in sorted(runs, reverse=bool(number % 2)):  # neither gains by its place
            np.random.seed(number)
            start = process_time()
            for path in paths:
                runs[name](path)
            times[name].append(1000 * (process_time() - start) / len(paths))
    reference = times[next(iter(runs))]
    result = {}
    for name, own in times.items():
        low, _, high = quantiles(own, n=4)
        result[name] = {
            'images_per_second': 1000 / median(own),
            'milliseconds': median(own),
            'quartiles': [low, high],
            'rounds': own,
            'times_the_reference': median(theirs / ours for theirs, ours in zip(reference, own)),
        }
    return result


def measure_steps(paths: list[str], rounds: int) -> dict[str, dict[str, float]]:
    """Return the milliseconds of each step of training and of each operation, before and now."""
    result: dict[str, dict[str, list[float]]] = {}
    pipelines = {'before': build('train', before=True), 'now': build('train')}
    for number in range(rounds):
        for when in sorted(pipelines, reverse=bool(number % 2)):
            samples = [{'img_path': path, 'gt_label': [1, 2]} for path in paths]
            for step in pipelines[when].transforms:
                name = type(step).__name__.replace('Smooth', '').replace('Planes', 'Inputs')
                if name == 'StepRandAugment':
                    for operation in step.transforms:
                        operation.prob, operation.magnitude_level = 1.0, number % 9 + 1
                        direction = getattr(operation, 'direction', '')
                        own = f'{type(operation).__name__} {direction}'.strip()
                        time = _time(operation, [dict(sample) for sample in samples])
                        result.setdefault(own, {}).setdefault(when, []).append(time)
                        operation.prob = 0.5
                np.random.seed(number)
                time = _time(step, samples)
                result.setdefault(name, {}).setdefault(when, []).append(time)
    return {name: {when: median(v) for when, v in row.items()} for name, row in result.items()}


def _time(step: Callable[[dict], dict], samples: list[dict]) -> float:
    """Apply a step to all samples, in place; return the milliseconds for one."""
    start = process_time()
    samples[:] = [step(sample) for sample in samples]
    return 1000 * (process_time() - start) / len(samples)


def comparisons(measured: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the package's pipelines beside those that a user would take otherwise."""
    same, other, timm_on_pillow, own, *_ = measured
    pairs = [
        ('training input', own, same),
        ('training input', own, other),
        ('training input', own, timm_on_pillow),
        ('training input', own, "this package, MMPretrain's classes"),
        ('training input from the cache', 'this package, from the cache', same),
        ('validation input', 'validation: this package', 'validation: torchvision on Pillow'),
    ]
    times = {name: row['rounds'] for name, row in measured.items()}
    return [compare(what, peer, times[name], times[peer]) for what, name, peer in pairs]


def main() -> None:
    """Measure and print; write the figures where asked to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--images', type=Path, help='folder of JPEG files (default: drawn pictures)'
    )
    parser.add_argument('--count', type=int, default=64, help='number of pictures')
    parser.add_argument('--quality', type=int, default=88, help='of JPEG; 88 makes about 50 kB')
    parser.add_argument('--rounds', type=int, default=9)
    parser.add_argument('--out', type=Path, help='file for the figures, as JSON')
    parser.add_argument('--quick', action='store_true', help='3 rounds of 32 pictures, no steps')
    args = parser.parse_args()
    if args.quick:
        args.count, args.rounds = 32, 3
    torch.set_num_threads(1)
    cv2.setNumThreads(0)
    with tempfile.TemporaryDirectory() as folder:
        paths = prepare(Path(folder), args.images, args.count, args.quality)
        kilobytes = sum(Path(path).stat().st_size for path in paths) / len(paths) / 1000
        pipelines_measured = measure(pipelines(f'{folder}/cache'), paths, args.rounds)
        steps = {} if args.quick else measure_steps(paths, args.rounds)
    result: dict[str, Any] = {
        'machine': machine(),
        'images': {'count': len(paths), 'mean_kilobytes': kilobytes, 'drawn': args.images is None},
        'comparisons': comparisons(pipelines_measured),
        'pipelines': pipelines_measured,
        'steps': steps,
    }
    size = f'{SOURCE[0]} x {SOURCE[1]}, {kilobytes:.0f} kB'
    table = Table(title=f'{result["machine"]["processor"]}, one thread; JPEG of {size}')
    for column in ('pipeline', 'images a second', 'ms (quartiles)', 'times the first'):
        table.add_column(column, justify='left' if column == 'pipeline' else 'right')
    for name, row in pipelines_measured.items():
        low, high = row['quartiles']
        table.add_row(
            name, f'{row["images_per_second"]:.0f}',
            f'{row["milliseconds"]:.2f} ({low:.2f}-{high:.2f})', f'{row["times_the_reference"]:.2f}',
        )  # fmt: skip
    Console().print(table)
    if steps:
        show_steps(steps)
    if args.out:
        args.out.write_text(json.dumps(result, indent=2) + '\n')


def show_steps(steps: dict[str, dict[str, float]]) -> None:
    """Print the time of each step and operation."""
    table = Table('step or operation', "MMPretrain's classes, ms", 'now, ms')
    for name, times in steps.items():
        table.add_row(name, f'{times["before"]:.2f}', f'{times["now"]:.2f}')
    Console().print(table)


if __name__ == '__main__':
    main()
