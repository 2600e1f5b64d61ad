"""Export models for use without this package: as safetensors or ONNX, with a JSON description."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from mmpretrain.models import MultiLabelClsHead
from torch import Tensor, nn

from ..files import atomic_write
from ..printable import readable_json
from .standalone import ExportError

OPSET = 18
METADATA = ('classes', 'thresholds', 'input')
TOLERANCE = 1e-4  # largest difference of a probability between PyTorch and onnxruntime


def export_safetensors(model: nn.Module, info: dict[str, Any], folder: Path) -> list[Path]:
    """Write ``model.safetensors``, with the names of MMPretrain, and ``model.json``.

    Args:
        model: Model to export.
        info: Content of ``model.json``, from :func:`~mmpretrain_mlml.checkpoints.describe`.
        folder: Existing folder for the files.

    Returns:
        Paths of the files.
    """
    from safetensors.torch import save

    weights = {key: value.detach().contiguous() for key, value in model.state_dict().items()}
    with atomic_write(folder / 'model.safetensors') as file:
        file.write(save(weights, metadata={'format': 'pt'}))
    return [folder / 'model.safetensors', write_description(info, folder)]


def export_onnx(model: nn.Module, info: dict[str, Any], folder: Path) -> list[Path]:
    """Write ``model.onnx`` and ``model.json``, and compare onnxruntime with PyTorch.

    The network takes ``image``, float32 of shape (N, channels, H, W), with pixel values from 0 to 255
    in the channel order of the JSON, and returns ``probability``, (N, C). Scaling and the sigmoid are
    part of the network. Its metadata hold ``classes``, ``thresholds`` and ``input``, as JSON.

    Args:
        model: Model to export.
        info: Content of ``model.json``, from :func:`~mmpretrain_mlml.checkpoints.describe`.
        folder: Existing folder for the files.

    Returns:
        Paths of the files.

    Raises:
        ImportError: If onnx, onnxscript or onnxruntime is missing. The message says what to install.
        ExportError: If the head is none for several labels.
        RuntimeError: If the probabilities of onnxruntime differ from those of PyTorch.
    """
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"export to ONNX needs {error.name}: pip install 'mmpretrain_mlml[export]'"
        ) from error

    if not isinstance(getattr(model, 'head', None), MultiLabelClsHead):
        head: Any = getattr(model, 'head', None)
        raise ExportError(
            f'the head is a {type(head).__name__}, expected one of the family of MultiLabelClsHead: '
            'only these give each class a probability by itself'
        )
    network = _Probabilities(model, info['input']['mean'], info['input']['std']).eval()
    shape = (len(info['input']['mean']), *info['input']['size'])
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (3, *shape), generator=generator).float()
    path = folder / 'model.onnx'
    with TemporaryDirectory() as place:
        unfinished = Path(place) / path.name
        with warnings.catch_warnings(), quiet('onnxscript', 'torch.onnx'):
            warnings.simplefilter('ignore')  # the exporter's warnings about itself
            torch.onnx.export(
                network,
                (images[:2],),
                str(unfinished),
                input_names=['image'],
                output_names=['probability'],
                dynamic_shapes=({0: torch.export.Dim('N')},),
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
            )
        content = with_metadata(onnx.load(unfinished), info)
    session = onnxruntime.InferenceSession(content, providers=['CPUExecutionProvider'])
    (exported,) = session.run(None, {'image': images.numpy()})
    with torch.no_grad():
        expected = network(images).numpy()
    difference = float(np.abs(exported - expected).max())
    if not difference <= TOLERANCE:
        finite = np.isfinite(expected).all()
        raise RuntimeError(
            f'{path} is not written: onnxruntime and PyTorch differ by {difference:.2g} in a '
            f'probability, expected at most {TOLERANCE}'
            + ('' if finite else '; the outputs of the model are not finite')
        )
    with atomic_write(path) as file:
        file.write(content)
    return [path, write_description(info, folder)]


def with_metadata(model: Any, info: Mapping[str, Any]) -> bytes:
    """Return the bytes of an ONNX model with classes, thresholds and input in its metadata, as JSON.

    Args:
        model: An ``onnx.ModelProto``.
        info: Content of ``model.json``.
    """
    del model.metadata_props[:]
    for key in METADATA:
        model.metadata_props.add(key=key, value=json.dumps(info[key]))
    content: bytes = model.SerializeToString()
    return content


class _Probabilities(nn.Module):
    """A model with pixel values as input and probabilities as output."""

    model: Any
    mean: Tensor
    std: Tensor

    def __init__(self, model: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.model = model
        self.register_buffer('mean', torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer('std', torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        features = self.model.extract_feat((image - self.mean) / self.std)
        return self.model.head(features).sigmoid()


def write_description(info: Mapping[str, Any], folder: Path) -> Path:
    """Write ``model.json``, completely or not at all, and return its path."""
    path = folder / 'model.json'
    with atomic_write(path, 'w') as file:
        file.write(readable_json(info, indent=2))
    return path


@contextmanager
def quiet(*names: str) -> Iterator[None]:
    """Show only errors of some loggers inside the block."""
    levels = {logger: logger.level for logger in map(logging.getLogger, names)}
    for logger in levels:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)
