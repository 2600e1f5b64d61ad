"""A strict image loader."""

from __future__ import annotations

import re
from typing import Any

import mmcv
import numpy as np
from mmcv.transforms import LoadImageFromFile
from mmengine import fileio
from mmpretrain.registry import TRANSFORMS

from ..labels import DataError


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

    Args:
        to_float32: Whether to return float32 instead of uint8.
        color_type: As for :func:`mmcv.imfrombytes`.
        imdecode_backend: As for :func:`mmcv.imfrombytes`.
        backend_args: Arguments of the file backend.

    Raises:
        ImageError: If a file is missing, empty, not an image or truncated; names it.
    """

    def __init__(
        self,
        to_float32: bool = False,
        color_type: str = 'color',
        imdecode_backend: str = 'cv2',
        *,
        backend_args: dict | None = None,
    ) -> None:
        super().__init__(to_float32, color_type, imdecode_backend, backend_args=backend_args)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Load the image of a sample."""
        if 'img' in results and 'img_path' not in results:
            return results
        path = results['img_path']
        image = self.decode(self.read(path), path)
        if self.to_float32:
            image = image.astype(np.float32)
        results['img'] = image
        results['img_shape'] = results['ori_shape'] = image.shape[:2]
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
        try:
            image = mmcv.imfrombytes(content, self.color_type, backend=self.imdecode_backend)
        except Exception as error:  # each decoder has other errors
            raise ImageError(path, _describe(content, str(error)), 'a whole image') from error
        if image is None:
            raise ImageError(path, _describe(content), 'a whole image')
        return image


def is_truncated_jpeg(content: bytes) -> bool:
    """Return whether these are the bytes of a JPEG file without its end.

    Skips from segment to segment to the compressed data, whose only end marker is the file's own. (A
    preview in an earlier segment has one, too.)

    >>> is_truncated_jpeg(bytes.fromhex('ffd8 ffe00002 ffda0002 1234ff0056 ffd9'))
    False
    >>> is_truncated_jpeg(bytes.fromhex('ffd8 ffe00004ffd9 ffda0002 1234'))
    True
    """
    if not content.startswith(b'\xff\xd8\xff'):
        return False
    position = 2
    while marker := _JPEG_SEGMENT.search(content, position):
        if marker[0] == b'\xff\xda':
            return content.find(b'\xff\xd9', marker.end()) < 0
        position = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2], 'big')
    return True


_JPEG_SEGMENT = re.compile(rb'\xff[^\x00\x01\xd0-\xd9\xff]', re.DOTALL)


def _describe(content: bytes, error: str = '') -> str:
    reason = f' ({error.strip()})' if error.strip() else ''
    return f'{len(content)} bytes that cannot be decoded{reason}, beginning with {content[:16]!r}'
