"""Images as people give them: files, folders, patterns, arrays and pictures, one after another."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

SUFFIXES = ('.bmp', '.gif', '.jfif', '.jpeg', '.jpg', '.png', '.tif', '.tiff', '.webp')


def each_image(inputs: Any) -> Iterator[tuple[str, Any]]:
    """Yield a name and an image for each image: a path, an array or a picture of Pillow.

    Args:
        inputs: Path of a file; folder, whose images are found in all subfolders; pattern such as
            ``'photos/*.jpg'``; array; picture; or an iterable of these.

    Raises:
        ValueError: If a folder holds no images, or a pattern matches nothing.
        TypeError: If an input is none of these.
    """
    for number, one in enumerate(_each_input(inputs)):
        if isinstance(one, str | os.PathLike):
            yield from ((str(path), path) for path in _files(Path(one)))
        elif isinstance(one, np.ndarray | Image.Image):
            yield str(getattr(one, 'filename', '') or number), one
        else:
            raise TypeError(
                'expected paths, folders, patterns, arrays or pictures of Pillow, got '
                f'{type(one).__name__}'
            )


def pixels_of(image: np.ndarray | Image.Image, channels: int) -> np.ndarray:
    """Return the pixels of an image in memory as its file would be loaded, (H, W, channels), uint8.

    Args:
        image: Array in the order of OpenCV, (H, W), (H, W, 1) or (H, W, 3), uint8; or a picture of
            any mode.
        channels: 1 for grey or 3 for blue, green, red.

    Raises:
        ValueError: If the array has another shape or type.
    """
    if isinstance(image, Image.Image):
        upright = ImageOps.exif_transpose(image)
        pixels = np.array(upright.convert('L' if channels == 1 else 'RGB'))
        return pixels[..., None] if channels == 1 else np.ascontiguousarray(pixels[..., ::-1])
    pixels = image[..., None] if image.ndim == 2 else image
    if channels == 3 and pixels.shape[2:] == (1,):
        pixels = np.repeat(pixels, 3, axis=2)
    if (
        pixels.dtype != np.uint8
        or pixels.ndim != 3
        or pixels.shape[2] != channels
        or not pixels.size
    ):
        raise ValueError(
            f'expected an array of shape (H, W, {channels}) and type uint8, got {image.shape} and '
            f'{image.dtype}'
        )
    return pixels.copy()  # transforms may write into it


def _each_input(inputs: Any) -> Iterable[Any]:
    single = isinstance(inputs, str | os.PathLike | np.ndarray | Image.Image)
    if single or not isinstance(inputs, Iterable):
        return [inputs]
    return inputs


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        number = 0
        for number, name in enumerate(_images_in(path), 1):  # noqa: B007
            yield Path(name)
        if not number:
            raise ValueError(f'{path}: no image in this folder, expected {", ".join(SUFFIXES)}')
    elif glob.has_magic(str(path)) and not path.exists():
        names = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207  of any folder
        if not names:
            raise ValueError(f'{path}: no file matches this pattern')
        yield from (Path(name) for name in names if not Path(name).is_dir())
    else:
        yield path


def _images_in(folder: str | os.PathLike[str]) -> Iterator[str]:
    """Yield the images of a folder and its subfolders in the order of their paths.

    The names of one folder at a time are in memory. Links to folders are not followed.
    """
    with os.scandir(folder) as entries:
        chosen = sorted(
            (entry.name, entry.path, entry.is_dir(follow_symlinks=False))
            for entry in entries
            if entry.is_dir(follow_symlinks=False)
            or (entry.name.lower().endswith(SUFFIXES) and entry.is_file())
        )
    for _, path, is_folder in chosen:
        if is_folder:
            yield from _images_in(path)
        else:
            yield path
