"""Checkpoints: read their weights, convert the released trainer's layout, export models."""

from ..repairs.atomic_backend import AtomicLocalBackend
from .class_names import check_trained_classes
from .description import describe
from .export import export_onnx, export_safetensors
from .released import from_released, to_released
from .small_onnx import export_half, export_int8
from .standalone import ExportError, export_predict
from .thresholds import read_meta, read_stored_thresholds, store_thresholds
from .weights import CheckpointError, build_model, check_fit, read_weights

__all__ = [
    'AtomicLocalBackend',
    'CheckpointError',
    'ExportError',
    'build_model',
    'check_fit',
    'check_trained_classes',
    'describe',
    'export_half',
    'export_int8',
    'export_onnx',
    'export_predict',
    'export_safetensors',
    'from_released',
    'read_meta',
    'read_stored_thresholds',
    'read_weights',
    'store_thresholds',
    'to_released',
]
