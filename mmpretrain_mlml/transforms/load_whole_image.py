"""A strict image loader."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import mmcv
import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine import fileio
from mmpretrain.registry import TRANSFORMS

from ..labels import DataError
from .jpeg_header import is_truncated_jpeg, jpeg_size, reduction


class ImageError(DataError):
    """Error of an image file that cannot be read completely."""


@TRANSFORMS.register_module()
class LoadWholeImage(LoadImageFromFile):
    """Load an image file completely, or raise an error.

    For a complete image the result is that of ``LoadImageFromFile``. For a truncated JPEG file some
    versions of OpenCV (4.6 and 4.10, but not 4.13 and 5.0) return the rest in grey and raise nothing;
    this class raises with every version. There is no ``ignore_empty``, with which samples would
    disappear.

    Requires the key ``img_path`` and adds ``img``, ``img_shape`` and ``ori_shape``. A sample with an
    image and without a path, as in MMPretrain's inferencers, is returned unchanged.

    With ``reduce_to`` a JPEG file that is at least twice as large is decoded at a half, a quarter or
    an eighth of its size. This is faster, and a resize that follows has other pixels than it would
    have of the whole image.

    Args:
        to_float32: Whether to return float32 instead of uint8.
        color_type: As for :func:`mmcv.imfrombytes`.
        imdecode_backend: As for :func:`mmcv.imfrombytes`.
        reduce_to: Number of pixels that each side keeps at least: the size of the resize that follows,
            one number, or width and height, of which the larger counts. None to decode all pixels.
        backend_args: Arguments of the file backend.

    Raises:
        ValueError: If ``reduce_to`` is not positive, or is given with another backend than ``'cv2'``
            or another colour type than ``'color'`` and ``'grayscale'``.
        ImageError: If a file is missing, empty, not an image or truncated; names it.
    """

    def __init__(
        self,
        to_float32: bool = False,
        color_type: str = 'color',
        imdecode_backend: str = 'cv2',
        *,
        reduce_to: int | tuple[int, int] | None = None,
        backend_args: dict | None = None,
    ) -> None:
        super().__init__(to_float32, color_type, imdecode_backend, backend_args=backend_args)
        self.least = 0 if reduce_to is None else _least(reduce_to, color_type, imdecode_backend)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Load the image of a sample."""
        if 'img' in results and 'img_path' not in results:
            return results
        path = results['img_path']
        content = self.read(path)
        image = self.decode(content, path)
        if self.to_float32:
            image = image.astype(np.float32)
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
        if self.least and (size := jpeg_size(content)):
            upright = (size[0] > size[1]) == (image.shape[0] > image.shape[1])
            results['ori_shape'] = size if upright else size[::-1]
        return results

    def read(self, path: str) -> bytes:
        """Return the bytes of a file.

        Raises:
            ImageError: If there is no such file, or it cannot be read.
        """
        try:
            return fileio.get(path, backend_args=self.backend_args)
        except FileNotFoundError:
            raise ImageError(path, 'no such file', 'an image; is data_prefix right?') from None
        except OSError as error:
            raise ImageError(path, str(error.strerror or error), 'a readable file') from error

    def decode(self, content: bytes, path: str) -> np.ndarray:
        """Return the image in the bytes of a file, (H, W, 3) or (H, W).

        Args:
            content: Bytes of the file.
            path: Path of the file, for errors.

        Raises:
            ImageError: If it is not an image, or truncated.
        """
        if not content:
            raise ImageError(path, 'an empty file', 'an image')
        if is_truncated_jpeg(content):
            got = f'a JPEG file that breaks off after {len(content)} bytes'
            raise ImageError(path, got, 'a whole image; copy it again')
        flag: str | int = self.color_type
        if self.least and (size := jpeg_size(content)):
            flag = _REDUCED[self.color_type][reduction(size, self.least)]
        try:
            image = mmcv.imfrombytes(content, flag, backend=self.imdecode_backend)
        except Exception as error:  # each decoder has other errors
            raise ImageError(path, _describe(content, str(error)), 'a whole image') from error
        if image is None:
            raise ImageError(path, _describe(content), 'a whole image')
        return image


_REDUCED = {
    'color': {
        1: cv2.IMREAD_COLOR, 2: cv2.IMREAD_REDUCED_COLOR_2, 4: cv2.IMREAD_REDUCED_COLOR_4,
        8: cv2.IMREAD_REDUCED_COLOR_8,
    },
    'grayscale': {
        1: cv2.IMREAD_GRAYSCALE, 2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
        4: cv2.IMREAD_REDUCED_GRAYSCALE_4, 8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
    },
}  # fmt: skip


def _least(reduce_to: int | Sequence[int], color_type: str, backend: str) -> int:
    """Return the number of pixels that the shorter side keeps at least."""
    least = reduce_to if isinstance(reduce_to, int) else max(reduce_to)
    if least < 1:
        raise ValueError(f'expected reduce_to >= 1, got {reduce_to}')
    if backend != 'cv2' or color_type not in _REDUCED:
        raise ValueError(
            f"reduce_to needs imdecode_backend='cv2' and a color_type of {list(_REDUCED)}, got "
            f'{backend!r} and {color_type!r}'
        )
    return least


def _describe(content: bytes, error: str = '') -> str:
    reason = f' ({error.strip()})' if error.strip() else ''
    return f'{len(content)} bytes that cannot be decoded{reason}, beginning with {content[:16]!r}'
