"""A program that predicts with an exported model and needs no PyTorch: ``predict.py``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..files import atomic_write
from ..runtime.type_name import type_name
from .description import PACKING, RESIZING, has_torch_backend, preprocessor_config

_LOADERS = ('LoadImageFromFile', 'LoadWholeImage')
_PILLOW = ('nearest', 'bilinear', 'bicubic', 'box', 'lanczos', 'hamming')
_LOADING: dict[str, tuple[Any, ...]] = {
    'to_float32': (False,),
    'imdecode_backend': ('cv2', None),
    'color_type': ('color', 'grayscale'),
    'reduce_to': (None,),
    'ignore_empty': (),
    'backend_args': (),
    'file_client_args': (),
}
_RESIZE: dict[str, tuple[Any, ...]] = {
    'scale': (),
    'scale_factor': (None,),
    'keep_ratio': (False,),
    'clip_object_border': (),
    'interpolation': _PILLOW,
}
# Steps of a test pipeline and the values of their arguments that predict.py repeats; () for any.
_REPEATED: dict[str, dict[str, tuple[Any, ...]]] = {
    **dict.fromkeys(_LOADERS, _LOADING),
    'Resize': {**_RESIZE, 'backend': ('pillow',)},
    'SmoothResize': {**_RESIZE, 'backend': ('torch', 'pillow')},
    **{name: {'meta_keys': (), 'algorithm_keys': (), 'input_key': ('img',)} for name in PACKING},
}
_KIND = {
    **dict.fromkeys(_LOADERS, 0),
    **dict.fromkeys(RESIZING, 1),
    **dict.fromkeys(PACKING, 2),
}
_DEFAULTS = {'Resize': {'backend': 'cv2'}}  # that are not among the values above


class ExportError(ValueError):
    """Error for a model that cannot be exported faithfully; its message says why."""


def export_predict(cfg: Config, info: Mapping[str, Any], folder: Path) -> list[Path]:
    """Write ``predict.py``, which gives the tags of ``MultiLabelInferencer`` without PyTorch.

    It loads and resizes images with Pillow, runs ``model.onnx`` in the same folder with onnxruntime
    and applies the thresholds of ``model.json``.

    Args:
        cfg: Config of the model.
        info: Content of ``model.json``, from :func:`~mmpretrain_mlml.checkpoints.describe`.
        folder: Existing folder for the file.

    Returns:
        Path of the file.

    Raises:
        ExportError: If Pillow would not give the pixels of the test pipeline.
    """
    problem = next(unrepeatable(cfg, info), None)
    if problem:
        raise ExportError(
            f'predict.py would not see the pixels of the test pipeline: {problem}. Change it '
            'and test the model, or export without predict.py: --formats safetensors onnx'
        )
    path = folder / 'predict.py'
    text = Path(__file__).with_name('standalone_predict.py').read_text(encoding='utf-8')
    with atomic_write(path, 'w') as file:
        file.write(text)
    return [path]


def unrepeatable(cfg: Config, info: Mapping[str, Any]) -> Iterator[str]:
    """Yield what ``predict.py`` cannot repeat in the test pipeline and the preprocessor of a config.

    Args:
        cfg: Config of the model.
        info: Content of ``model.json``.
    """
    steps = [*cfg.test_dataloader.dataset.pipeline]
    for step in steps:
        name = type_name(step)
        if name not in _REPEATED:
            yield f'it has no step {name}'
            continue
        for key, value in {**_DEFAULTS.get(name, {}), **step}.items():
            allowed = _REPEATED[name].get(key)
            if key != 'type' and (allowed is None or (allowed and value not in allowed)):
                wanted = f', expected {_listed(allowed)}' if allowed else ''
                yield f'{name} has {key}={value!r}{wanted}'
        if has_torch_backend(step) and step.get('interpolation') == 'bicubic':
            yield "SmoothResize has interpolation='bicubic' of PyTorch, expected backend='pillow'"
    names = [type_name(step) for step in steps]
    kinds = [_KIND.get(name, 1) for name in names]
    if kinds != sorted(set(kinds)):
        yield f'its steps are {", ".join(names)}, expected to load, resize and pack once, in order'
    gray = info['input']['channels'] == 'gray'
    for step in steps:
        if type_name(step) in _LOADERS and (step.get('color_type') == 'grayscale') != gray:
            yield f'it loads images as {step.get("color_type", "color")}, unlike the network'
    preprocessor = preprocessor_config(cfg)
    kind = type_name({'type': 'ClsDataPreprocessor', **preprocessor})
    if kind != 'ClsDataPreprocessor':
        yield f'the preprocessor is a {kind}, expected a ClsDataPreprocessor'
    if any(side % preprocessor.get('pad_size_divisor', 1) for side in info['input']['size']):
        yield f'the preprocessor pads to a multiple of {preprocessor.pad_size_divisor} pixels'


def _listed(values: tuple[Any, ...]) -> str:
    return ' or '.join(map(repr, values))
