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
    """An image file cannot be read whole."""


@TRANSFORMS.register_module()
class LoadWholeImage(LoadImageFromFile):
    """Loads an image file, or raises: never part of an image, and never none.

    What ``LoadImageFromFile`` gives for a whole image, this gives too. But some versions of OpenCV
    (4.6 and 4.10 do, 4.13 and 5.0 do not) fill up a JPEG file that breaks off with grey, and raise
    nothing; here it is refused with any version.
    There is no ``ignore_empty``, which would let samples disappear.

    Requires the key ``img_path`` and adds ``img``, ``img_shape`` and ``ori_shape``. A sample that has
    an image and no path, as MMPretrain's inferencers make them, is left as it is.

    Args:
        to_float32: Whether to give float32 rather than uint8.
        color_type: As for :func:`mmcv.imfrombytes`.
        imdecode_backend: As for :func:`mmcv.imfrombytes`.
        backend_args: Of the file backend.

    Raises:
        ImageError: On a file that is missing, empty, no image, or not whole; names it.
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
        """The bytes of a file.

        Raises:
            ImageError: There is no such file, or it cannot be read.
        """
        try:
            return fileio.get(path, backend_args=self.backend_args)
        except FileNotFoundError:
            raise ImageError(path, 'no such file', 'an image; is data_prefix right?') from None
        except OSError as error:
            raise ImageError(path, str(error.strerror or error), 'a readable file') from error

    def decode(self, content: bytes, path: str) -> np.ndarray:
        """The image in the bytes of a file, (H, W, 3) or (H, W).

        Raises:
            ImageError: It is no image, or not a whole one.
        """
        if not content:
            raise ImageError(path, 'an empty file', 'an image')
        if is_cut_jpeg(content):
            got = f'a JPEG file that breaks off after {len(content)} bytes'
            raise ImageError(path, got, 'a whole image; copy it again')
        try:
            image = mmcv.imfrombytes(content, self.color_type, backend=self.imdecode_backend)
        except Exception as error:  # every decoder has errors of its own
            raise ImageError(path, _describe(content, str(error)), 'a whole image') from error
        if image is None:
            raise ImageError(path, _describe(content), 'a whole image')
        return image


def is_cut_jpeg(content: bytes) -> bool:
    """Whether these are the bytes of a JPEG file without its end.

    Goes from segment to segment until the compressed data begins, which holds no end marker but its
    own. (A preview in a segment before it does.)

    >>> is_cut_jpeg(bytes.fromhex('ffd8 ffe00002 ffda0002 1234ff0056 ffd9'))
    False
    >>> is_cut_jpeg(bytes.fromhex('ffd8 ffe00004ffd9 ffda0002 1234'))
    True
    """
    if not content.startswith(b'\xff\xd8\xff'):
        return False
    position = 2
    while found := _JPEG_SEGMENT.search(content, position):
        if found[0] == b'\xff\xda':
            return content.find(b'\xff\xd9', found.end()) < 0
        position = found.end() + int.from_bytes(content[found.end() : found.end() + 2], 'big')
    return True


_JPEG_SEGMENT = re.compile(rb'\xff[^\x00\x01\xd0-\xd9\xff]', re.DOTALL)


def _describe(content: bytes, error: str = '') -> str:
    reason = f' ({error.strip()})' if error.strip() else ''
    return f'{len(content)} bytes that cannot be decoded{reason}, beginning with {content[:16]!r}'
