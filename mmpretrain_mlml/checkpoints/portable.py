"""Models for use without this package: safetensors or ONNX, and a JSON that says how to use them."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS
from torch import Tensor, nn

from ..metrics.multi_label_scores import MultiLabelScores
from ..version import __version__

OPSET = 18
TOLERANCE = 1e-4  # of a probability, between PyTorch and onnxruntime


def describe(cfg: Config, size: Sequence[int] | None = None) -> dict[str, Any]:
    """What somebody needs to know to use a model: classes, input, thresholds.

    Args:
        cfg: The config of the model; its annotation files need not be there.
        size: Height and width of the input, in pixels; by default those of the test pipeline.

    Raises:
        ValueError: The test pipeline does not say the size, and none is given.
    """
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    dataset = DATASETS.build({**cfg.test_dataloader.dataset, 'lazy_init': True})
    classes = list(dataset.CLASSES)
    preprocessor = cfg.model.data_preprocessor
    colours = 'gray' if len(preprocessor.mean) == 1 else 'BGR'
    steps = [step.to_dict() for step in cfg.test_dataloader.dataset.pipeline]
    pipeline = json.loads(json.dumps(steps))  # tuples are lists in JSON
    return {
        'classes': classes,
        'thresholds': [_threshold(cfg)] * len(classes),
        'input': {
            'size': list(size or _size(pipeline)),
            'pipeline': [step for step in pipeline if step['type'] != 'PackInputs'],
            'channels': 'RGB' if preprocessor.get('to_rgb') else colours,
            'mean': list(preprocessor.mean),
            'std': list(preprocessor.std),
        },
        'model': {
            'backbone': cfg.model.backbone.get('model_name', cfg.model.backbone.type),
            'config': Path(cfg.filename).name if cfg.filename else None,
        },
        'mmpretrain_mlml': __version__,
    }


def export_safetensors(model: nn.Module, info: dict[str, Any], folder: Path) -> list[Path]:
    """Writes ``model.safetensors``, with MMPretrain's names, and ``model.json``.

    Returns:
        The files.
    """
    from safetensors.torch import save_file

    weights = {key: value.detach().contiguous() for key, value in model.state_dict().items()}
    save_file(weights, folder / 'model.safetensors', metadata={'format': 'pt'})
    return [folder / 'model.safetensors', _write(info, folder)]


def export_onnx(model: nn.Module, info: dict[str, Any], folder: Path) -> list[Path]:
    """Writes ``model.onnx`` and ``model.json``, and compares onnxruntime with PyTorch.

    The network takes ``image``, float32 of shape (N, channels, H, W), pixel values from 0 to 255 in
    the channel order of the JSON, and gives ``probability``, (N, C): scaling and the sigmoid are
    inside.

    Returns:
        The files.

    Raises:
        ImportError: onnx, onnxscript or onnxruntime is missing; says what to install.
        RuntimeError: onnxruntime gives other probabilities than PyTorch.
    """
    try:
        import onnx  # noqa: F401
        import onnxruntime
        import onnxscript  # noqa: F401
    except ImportError as error:
        raise ImportError(
            f"export to ONNX needs {error.name}: pip install 'mmpretrain_mlml[export]'"
        ) from error

    network = _Probabilities(model, info['input']['mean'], info['input']['std']).eval()
    shape = (len(info['input']['mean']), *info['input']['size'])
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (3, *shape), generator=generator).float()
    path = folder / 'model.onnx'
    with warnings.catch_warnings(), _quiet('onnxscript', 'torch.onnx'):
        warnings.simplefilter('ignore')  # of the exporter, about itself
        torch.onnx.export(
            network,
            (images[:2],),
            str(path),
            input_names=['image'],
            output_names=['probability'],
            dynamic_shapes=({0: torch.export.Dim('N')},),
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    (found,) = session.run(None, {'image': images.numpy()})
    with torch.no_grad():
        expected = network(images).numpy()
    difference = float(np.abs(found - expected).max())
    if not difference <= TOLERANCE:
        path.unlink()
        raise RuntimeError(
            f'no {path} is written: onnxruntime and PyTorch differ by {difference:.2g} in a '
            f'probability, expected at most {TOLERANCE}'
            + (
                ''
                if np.isfinite(expected).all()
                else '; the model gives numbers that are not finite'
            )
        )
    return [path, _write(info, folder)]


class _Probabilities(nn.Module):
    """Pixels in, probabilities out."""

    def __init__(self, model: nn.Module, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.model = model
        self.register_buffer('mean', torch.tensor(mean).view(1, -1, 1, 1))
        self.register_buffer('std', torch.tensor(std).view(1, -1, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        features = self.model.extract_feat((image - self.mean) / self.std)
        return self.model.head(features).sigmoid()


def _threshold(cfg: Config) -> float:
    evaluators = cfg.get('test_evaluator') or []
    for evaluator in evaluators if isinstance(evaluators, list) else [evaluators]:
        if evaluator['type'].rpartition('.')[2] == 'MultiLabelScores' and 'threshold' in evaluator:
            return evaluator['threshold']
    return MultiLabelScores().threshold


def _size(pipeline: Sequence[dict]) -> Sequence[int]:
    for step in pipeline:
        if step['type'].rpartition('.')[2] == 'Resize' and 'scale' in step:
            scale = step['scale']
            width, height = (scale, scale) if isinstance(scale, int) else scale
            return height, width
    raise ValueError('the test pipeline has no Resize with a scale; give the size of the input')


def _write(info: dict[str, Any], folder: Path) -> Path:
    path = folder / 'model.json'
    path.write_text(json.dumps(info, indent=2, ensure_ascii=False), encoding='utf-8')
    return path


@contextmanager
def _quiet(*names: str) -> Iterator[None]:
    """Silences loggers for a while."""
    levels = {logger: logger.level for logger in map(logging.getLogger, names)}
    for logger in levels:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)
