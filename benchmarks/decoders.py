"""JPEG decoders on the same files: OpenCV, and simplejpeg with the scales of libjpeg-turbo.

python benchmarks/decoders.py [--images FOLDER] [--rounds 9]      # needs: pip install simplejpeg

Files of 640 x 480 pixels are decoded as a whole, and at each scale that keeps some number of pixels
of the shorter side: OpenCV halves, simplejpeg takes any number of eighths. All take turns, one thread,
CPU time. Where both give a size, their pixels are compared.
"""

import argparse
import tempfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

import cv2
import numpy as np
from input import prepare
from rich.console import Console
from rich.table import Table

SIDES = 224, 288, 336, 400  # of the shorter side, at least
Decoder = Callable[[bytes], Any]


def decoders() -> dict[str, Decoder]:
    """Return decoders by name."""
    try:
        decode_jpeg = import_module('simplejpeg').decode_jpeg
    except ImportError:
        raise SystemExit('error: expected simplejpeg: pip install simplejpeg') from None

    def opencv(flag: int) -> Decoder:
        return lambda content: cv2.imdecode(np.frombuffer(content, np.uint8), flag)

    def simplejpeg(side: int) -> Decoder:
        return lambda content: decode_jpeg(content, 'BGR', min_height=side, min_width=side)

    return {
        'OpenCV': opencv(cv2.IMREAD_COLOR),
        'OpenCV, half': opencv(cv2.IMREAD_REDUCED_COLOR_2),
        'simplejpeg': simplejpeg(0),
        **{f'simplejpeg, at least {side}': simplejpeg(side) for side in SIDES},
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--images', type=Path, help='folder of JPEG files; none: drawn')
    parser.add_argument('--rounds', type=int, default=9)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        paths = prepare(Path(folder), args.images, count=32, quality=75)
        files = [Path(path).read_bytes() for path in paths]
    named = decoders()
    seconds: dict[str, list[float]] = {name: [] for name in named}
    for _ in range(args.rounds + 1):  # the first warms up
        for name, decode in named.items():
            start = process_time()
            for content in files:
                decode(content)
            seconds[name].append(process_time() - start)
    table = Table('decoder', 'height and width', 'ms', 'times as fast as OpenCV')
    pictures: dict[tuple[int, ...], np.ndarray] = {}
    for name, decode in named.items():
        own, whole = seconds[name][1:], seconds['OpenCV'][1:]
        speed = median(a / b for a, b in zip(whole, own))
        picture = decode(files[0])
        other = pictures.setdefault(picture.shape, picture)
        difference = int(np.abs(picture.astype(int) - other).max())
        size = f'{picture.shape[0]} x {picture.shape[1]}'
        if other is not picture:
            size += f', pixels differ by {difference}'
        table.add_row(name, size, f'{1000 * median(own) / len(files):.2f}', f'{speed:.2f}')
    Console().print(table)


if __name__ == '__main__':
    main()
