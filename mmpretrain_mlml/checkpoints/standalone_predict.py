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


def load(path: str, gray: bool) -> Image.Image:
    """Return the image in a file as OpenCV would decode it: upright, without alpha, 8 bits."""
    with Image.open(path) as image:
        kind = image.format
        if kind == 'GIF' and 'transparency' in image.info:
            raise ValueError('a GIF with transparent pixels, which decoders fill differently')
        if kind == 'JPEG' and gray:
            image.draft('L', image.size)
        image = ImageOps.exif_transpose(image)
    if image.mode == 'F':
        raise ValueError('an image of floating-point numbers')
    if image.mode.startswith('I'):  # 16 bits
        values = np.asarray(image).astype(np.int64)
        if values.min() < 0 or values.max() >= 1 << 16:
            raise ValueError('an image with more than 16 bits a pixel')
        image = Image.fromarray((values >> 8).astype(np.uint8))
    if image.mode == 'CMYK' and kind == 'JPEG':  # OpenCV's rounding
        ink = np.asarray(image).astype(np.int32)
        light = 255 - ink[..., 3:]
        image = Image.fromarray((light - (ink[..., :3] * light >> 8)).astype(np.uint8))
    return image.convert('L' if gray else 'RGB')


def prepare(path: str, expected: dict) -> np.ndarray:
    """Return what the network takes for a file, (1, channels, height, width), float32."""
    height, width = expected['size']
    image = load(path, expected['channels'] == 'gray')
    if expected['resize'] is not None:
        image = image.resize((width, height), Image.Resampling[expected['resize'].upper()])
    elif image.size != (width, height):
        raise ValueError(f'{image.width} x {image.height} pixels, expected {width} x {height}')
    pixels = np.asarray(image, np.float32).reshape(height, width, -1)
    if expected['channels'] == 'BGR':
        pixels = pixels[..., ::-1]
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('images', nargs='+', metavar='IMAGE')
    parser.add_argument('--model', default='model.onnx', help='file in this folder')
    args, folder = parser.parse_args(), Path(__file__).resolve().parent
    about = json.loads((folder / 'model.json').read_text(encoding='utf-8'))
    network = onnxruntime.InferenceSession(
        str(folder / args.model), providers=onnxruntime.get_available_providers()
    )
    if json.loads(network.get_modelmeta().custom_metadata_map['classes']) != about['classes']:
        sys.exit(f'error: {args.model} and model.json have different classes')
    broken = 0
    for path in args.images:
        try:
            (scores,) = network.run(None, {'image': prepare(path, about['input'])})[0]
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            broken += 1
            print(f'error: {path!r}: {error}', file=sys.stderr)
            continue
        rows = zip(about['classes'], scores.astype(float), about['thresholds'])
        tags = sorted(((p, name) for name, p, least in rows if p > least), reverse=True)
        print(json.dumps({'image': path, 'tags': {name: p for p, name in tags}}), flush=True)
    return 1 if broken else 0


if __name__ == '__main__':
    sys.exit(main())
