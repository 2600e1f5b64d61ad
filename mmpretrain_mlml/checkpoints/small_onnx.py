"""Smaller forms of an exported model: half precision, and integers of 8 bits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from ..files import atomic_write
from .export import quiet, with_metadata


def export_half(info: Mapping[str, Any], folder: Path) -> Path:
    """Write ``model.fp16.onnx`` beside ``model.onnx``; input and output stay float32.

    Args:
        info: Content of ``model.json``.
        folder: Folder with ``model.onnx``.

    Returns:
        Path of the file.
    """
    import onnx
    from onnxruntime.transformers.float16 import convert_float_to_float16

    path = folder / 'model.fp16.onnx'
    model = convert_float_to_float16(onnx.load(folder / 'model.onnx'), keep_io_types=True)
    with atomic_write(path) as file:
        file.write(with_metadata(model, info))
    return path


def export_int8(info: Mapping[str, Any], folder: Path, batches: Iterable[np.ndarray]) -> Path:
    """Write ``model.int8.onnx`` beside ``model.onnx``: weights and activations have 8 bits.

    Convolutions and linear layers are quantised, weights by channel. The ranges of the activations are
    those on the given images.

    Args:
        info: Content of ``model.json``.
        folder: Folder with ``model.onnx``.
        batches: Batches of images, (n, channels, H, W) float32, as the network takes them.

    Returns:
        Path of the file.
    """
    import onnx
    from onnxruntime.quantization import CalibrationDataReader, quantize_static

    class Batches(CalibrationDataReader):
        def __init__(self) -> None:
            self._batches = iter(batches)

        def get_next(self) -> dict[str, np.ndarray] | None:
            batch = next(self._batches, None)
            return None if batch is None else {'image': batch}

    path = folder / 'model.int8.onnx'
    with TemporaryDirectory() as place, quiet('root'):
        unfinished = Path(place) / path.name
        quantize_static(
            str(folder / 'model.onnx'),
            str(unfinished),
            Batches(),
            op_types_to_quantize=['Conv', 'Gemm', 'MatMul'],
            per_channel=True,
        )
        content = with_metadata(onnx.load(unfinished), info)
    with atomic_write(path) as file:
        file.write(content)
    return path
