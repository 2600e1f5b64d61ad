"""The pictures of a data set, as their files hold them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image


def picture_file(dataset: Any, index: int) -> Path | None:
    """Return the file of an image of a data set, None if images are in memory."""
    path = dataset.get_data_info(index).get('img_path')
    return None if path is None else Path(path)


def open_picture(dataset: Any, index: int) -> Image.Image:
    """Return an image of a data set, before any transform.

    Args:
        dataset: Data set with ``get_data_info``, whose samples name ``img_path`` or hold ``img`` as
            mmcv loads it.
        index: Position of the image.

    Raises:
        OSError: If its file cannot be read.
    """
    info = dataset.get_data_info(index)
    if 'img_path' in info:
        return Image.open(info['img_path'])
    pixels = np.asarray(info['img'])
    if pixels.shape[-1] == 1:
        return Image.fromarray(pixels[..., 0])
    return Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))  # blue comes first
