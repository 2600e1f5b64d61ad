"""Print the tags of images: python predict.py IMAGE...

Needs onnxruntime, Pillow and numpy, and model.onnx and model.json in the folder of this file. Prints a
JSON line for each image, {"image": ..., "tags": {name: probability}}, the most probable tag first.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def prepare(path: str, expected: dict) -> np.ndarray:
    """Return the pixels of the test pipeline for a file, (1, channels, height, width), float32."""
    gray, (height, width) = expected['channels'] == 'gray', expected['size']
    with Image.open(path) as image:  # as OpenCV would decode it: upright, without alpha, 8 bits
        kind = image.format
        if kind == 'GIF' and 'transparency' in image.info:
            raise ValueError('a GIF with transparent pixels, which decoders fill differently')
        if kind == 'JPEG' and gray:
            image.draft('L', image.size)
        image = ImageOps.exif_transpose(image)
    if image.mode[0] in 'FI':  # floating-point numbers, or 16 bits
        values = np.asarray(image).astype(np.float64)
        if image.mode == 'F' or values.min() < 0 or values.max() >= 1 << 16:
            raise ValueError('an image of floating-point numbers, or of more than 16 bits')
        image = Image.fromarray((values // 256).astype(np.uint8))
    if image.mode == 'CMYK' and kind == 'JPEG':  # OpenCV's rounding
        ink = np.asarray(image).astype(np.int32)
        light = 255 - ink[..., 3:]
        image = Image.fromarray((light - (ink[..., :3] * light >> 8)).astype(np.uint8))
    image = image.convert('L' if gray else 'RGB')
    if expected['resize'] not in (None, 'pytorch'):
        image = image.resize((width, height), Image.Resampling[expected['resize'].upper()])
    pixels = np.asarray(image)
    if expected['resize'] == 'pytorch':
        pixels = resize_rows(resize_rows(pixels.swapaxes(0, 1), width).swapaxes(0, 1), height)
    if pixels.shape[:2] != (height, width):
        raise ValueError(f'{image.width} x {image.height} pixels, expected {width} x {height}')
    pixels = pixels.reshape(height, width, -1)[..., :: -1 if expected['channels'] == 'BGR' else 1]
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None], np.float32)


def resize_rows(pixels: np.ndarray, count: int) -> np.ndarray:
    """Resize the first axis with the weights and the rounding of PyTorch's antialiased resize."""
    scale, rows = len(pixels) / count, np.arange(len(pixels))
    reach, centre = max(scale, 1.0), scale * (np.arange(count)[:, None] + 0.5)
    inside = (rows >= np.trunc(centre - reach + 0.5)) & (rows < np.trunc(centre + reach + 0.5))
    weights = np.maximum(1 - np.abs(rows - centre + 0.5) / reach, 0) * inside
    weights /= weights.sum(1, keepdims=True)
    bits = max(n for n in range(23) if int(weights.max() * 2**n + 0.5) < 1 << 15)  # as int16
    total = np.tensordot(np.floor(weights * 2**bits + 0.5), pixels.astype(np.float64), 1)
    return np.clip(np.floor(total / 2**bits + 0.5), 0, 255).astype(np.uint8)


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('images', nargs='+', metavar='IMAGE')
    parser.add_argument('--model', default='model.onnx', help='file in this folder')
    args, folder = parser.parse_args(), Path(__file__).resolve().parent
    about = json.loads((folder / 'model.json').read_text(encoding='utf-8'))
    providers, broken = onnxruntime.get_available_providers(), False
    network = onnxruntime.InferenceSession(str(folder / args.model), providers=providers)
    if json.loads(network.get_modelmeta().custom_metadata_map['classes']) != about['classes']:
        sys.exit(f'error: {args.model} and model.json have different classes')
    for path in args.images:
        try:
            (scores,) = network.run(None, {'image': prepare(path, about['input'])})[0]
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            broken = True
            print(f'error: {path!r}: {error}', file=sys.stderr)
        else:
            rows = zip(about['classes'], scores.astype(float), about['thresholds'])
            tags = sorted(((p, name) for name, p, least in rows if p > least), reverse=True)
            print(json.dumps({'image': path, 'tags': {name: p for p, name in tags}}), flush=True)
    sys.exit(broken)
