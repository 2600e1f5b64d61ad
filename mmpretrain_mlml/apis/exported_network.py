"""An exported folder as a network: its ONNX file, run by onnxruntime, and its description."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmpretrain.registry import TRANSFORMS
from torch import Tensor, nn

from ..parts import parts_in

NETWORK, DESCRIPTION = 'model.onnx', 'model.json'


class ExportedNetwork(nn.Module):
    """The network in an exported folder, with the interface that predictions need.

    Nothing in the folder is run as code: the network is data for onnxruntime, the description JSON.

    Args:
        folder: Folder of ``tools/export.py``, with ``model.onnx`` and ``model.json``.
        device: ``'cpu'`` or ``'cuda'``, with or without a number; None for a GPU if onnxruntime has
            one.

    Attributes:
        info: Content of ``model.json``.

    Raises:
        FileNotFoundError: If a file is missing.
        ImportError: If onnxruntime is missing.
        ValueError: If the folder is damaged or describes another network, or onnxruntime has no GPU.
    """

    digest: Tensor

    def __init__(self, folder: Path, device: str | None = None) -> None:
        super().__init__()
        self.info = read_description(folder)
        path = folder / NETWORK
        if not path.is_file():
            raise FileNotFoundError(
                f'no {NETWORK} in {folder}: export it with --formats onnx, or give the config and '
                '--weights of the model'
            )
        content = path.read_bytes()
        self._session = open_session(content, path, device)
        outputs = self._session.get_outputs()[0].shape[-1]
        classes = len(self.info['classes'])
        if outputs != classes:
            raise ValueError(f'{path} has {outputs} outputs, {DESCRIPTION} {classes} classes')
        digest = np.frombuffer(hashlib.sha256(content).digest(), np.uint8)
        self.register_buffer('digest', torch.from_numpy(digest.copy()))

    def config(self) -> Config:
        """Return a config with what the preparation of images needs."""
        about = self.info['input']
        steps = [*about['pipeline'], {'type': 'PackInputs'}]
        preprocessor = {key: about[key] for key in ('mean', 'std')}
        return Config(
            {
                'model': {'data_preprocessor': preprocessor},
                'test_dataloader': {'dataset': {'pipeline': steps}},
            }
        )

    def test_step(self, batch: Mapping[str, Any]) -> Sequence[Any]:
        """Return the samples of a batch with their ``pred_score``."""
        return predict_batch(self._session, self.info, batch)


def predict_batch(session: Any, info: Mapping[str, Any], batch: Mapping[str, Any]) -> Sequence[Any]:
    """Return the samples of a batch with their ``pred_score``.

    Args:
        session: Network, from :func:`open_session`.
        info: Content of ``model.json``.
        batch: Images and samples, as a pipeline packs them.
    """
    (scores,) = session.run(None, {info['input']['name']: network_input(batch['inputs'], info)})
    rows = torch.from_numpy(scores)
    return [sample.set_pred_score(row) for sample, row in zip(batch['data_samples'], rows)]


def network_input(images: Sequence[Tensor], info: Mapping[str, Any]) -> np.ndarray:
    """Return packed images as an exported network takes them, (N, channels, H, W), float32."""
    pixels = torch.stack(list(images)).numpy().astype(np.float32)
    return np.ascontiguousarray(pixels[:, ::-1]) if info['input']['channels'] == 'RGB' else pixels


def read_description(folder: Path) -> dict[str, Any]:
    """Return the content of ``model.json``.

    Raises:
        FileNotFoundError: If the folder has none.
        ValueError: If it is not what ``tools/export.py`` writes.
    """
    path = folder / DESCRIPTION
    if not path.is_file():
        raise FileNotFoundError(
            f'no {DESCRIPTION} in {folder}: expected a folder of tools/export.py'
        )
    try:
        info = json.loads(path.read_text(encoding='utf-8'))
        about = info['input']
        kept = [about[key] for key in ('name', 'channels', 'mean', 'std')]
        names = [*(step['type'] for step in about['pipeline']), *info['classes'], *kept[:2]]
        whole = all(isinstance(name, str) for name in names) and info['thresholds'] is not None
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f'{path} is not a description of tools/export.py ({error!r})') from error
    if not whole:
        raise ValueError(f'{path} is not a description of tools/export.py')
    for name in _types(about['pipeline']):
        if not _is_transform(name):  # it would be imported, and called, as the folder says
            raise ValueError(f'{path} names {name!r}, which is no transform of MMPretrain')
    found: dict[str, Any] = info
    return found


def _is_transform(name: str) -> bool:
    package, _, own = name.rpartition('.')
    if package == __name__.partition('.')[0]:
        return own in parts_in('transforms')
    registry: Any = TRANSFORMS
    while registry is not None:
        if own in registry.module_dict:
            return package in ('', registry.scope)
        registry = registry.parent
    return False


def _types(content: Any) -> list[str]:
    """Return every ``type`` in nested JSON."""
    if isinstance(content, dict):
        own = [str(content['type'])] if 'type' in content else []
        return own + [name for value in content.values() for name in _types(value)]
    if isinstance(content, list):
        return [name for value in content for name in _types(value)]
    return []


def open_session(content: bytes, path: Path, device: str | None = None) -> Any:
    """Return an ONNX network in onnxruntime.

    Args:
        content: Content of the file.
        path: Its path, for messages.
        device: As for :class:`ExportedNetwork`.

    Raises:
        ImportError: If onnxruntime is missing.
        ValueError: If the file is damaged, or onnxruntime has no such device.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ImportError(
            f"{path} needs onnxruntime: pip install 'mmpretrain_mlml[export]'"
        ) from error
    providers = onnxruntime.get_available_providers()
    kind, _, number = (device or '').partition(':')
    if kind == 'cuda':
        if 'CUDAExecutionProvider' not in providers:
            raise ValueError(f'device={device!r}, but this onnxruntime has no GPU: {providers}')
        providers = [('CUDAExecutionProvider', {'device_id': int(number or 0)})]
    elif kind == 'cpu':
        providers = ['CPUExecutionProvider']
    elif kind:
        raise ValueError(f'expected device cpu or cuda for {path}, got {device!r}')
    try:
        return onnxruntime.InferenceSession(content, providers=providers)
    except Exception as error:  # onnxruntime has no common class
        reason = ' '.join(str(error).split())[:200]
        raise ValueError(f'{path} is damaged, or no ONNX file: {reason}') from error
