"""A trained model as a folder that explains itself and needs no PyTorch."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from mmengine.config import Config

from ..checkpoints import (
    build_model,
    check_trained_classes,
    describe,
    export_half,
    export_int8,
    export_onnx,
    export_predict,
    export_safetensors,
    read_meta,
    read_weights,
)
from ..checkpoints.export import write_description
from ..runtime.thresholds import KEY
from .export_scores import calibration_batches, predict_exported, scores_of
from .network import Progress

FORMATS = ('safetensors', 'onnx', 'predict')
CALIBRATION = 100  # images that set the ranges of int8


def export_model(
    cfg: Config,
    checkpoint: str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    formats: Sequence[str] = FORMATS,
    weights: str | None = None,
    size: Sequence[int] | None = None,
    thresholds: Any = None,
    half: bool = False,
    int8: bool = False,
    validate: bool = False,
    images: int | None = None,
    progress: Progress = iter,
) -> tuple[list[Path], dict[str, dict[str, float]]]:
    """Write a model as files that others can use.

    ``model.json`` describes it, ``model.safetensors`` holds its weights, ``model.onnx`` the network
    with scaling and sigmoid, and ``predict.py`` prints the tags of images. If anything is refused, no
    file is written or replaced.

    Args:
        cfg: Config of the model.
        checkpoint: Checkpoint file. It is loaded as data, never as code.
        folder: Folder to write; files of an earlier export are replaced.
        formats: Some of ``'safetensors'``, ``'onnx'`` and ``'predict'``; the last needs the second.
        weights: ``'averaged'`` or ``'raw'``, if the checkpoint holds both.
        size: Height and width of the input, in pixels; None for those of the test pipeline.
        thresholds: Thresholds in place of those of config and checkpoint.
        half: Whether to write ``model.fp16.onnx``, too, and measure its loss of mAP.
        int8: Whether to write ``model.int8.onnx``, too, and measure its loss of mAP. The first images
            of the training set set the ranges of its numbers.
        validate: Whether to score ``model.onnx`` on the test set.
        images: Number of test images to score, the first ones; None for all.
        progress: Function that shows progress over batches of images.

    Returns:
        The files, and the scores of each ONNX file that was measured, as ``model.json`` has them.

    Raises:
        CheckpointError: If the weights do not fit the config, or were trained on other classes.
        ExportError: If the model cannot be exported faithfully.
        ImportError: If a package that is needed is missing.
        ValueError: If the thresholds do not fit.
    """
    meta = read_meta(checkpoint)
    model = build_model(cfg, read_weights(checkpoint, weights), str(checkpoint))
    info = describe(
        cfg, size, thresholds=thresholds, stored=meta.get(KEY), scores=meta.get('scores')
    )
    check_trained_classes(checkpoint, info['classes'], meta)
    scores: dict[str, dict[str, float]] = info['validated']['files']
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder, prefix='.export-') as place:
        unfinished = Path(place)
        if 'predict' in formats:
            export_predict(cfg, info, unfinished)
        if 'safetensors' in formats:
            export_safetensors(model, info, unfinished)
        if 'onnx' in formats:
            export_onnx(model, info, unfinished)
        files = [unfinished / 'model.onnx'] if validate or half or int8 else []
        if half:
            files.append(export_half(info, unfinished))
        if int8:
            batches = progress(calibration_batches(cfg, info, CALIBRATION))
            files.append(export_int8(info, unfinished, iter(batches)))
        for file in files:
            found = predict_exported(cfg, file, info, images, progress=progress)
            scores[file.name] = {'images': len(found.names), **scores_of(found, info)}
            if file is not files[0]:
                lost = scores['model.onnx']['mAP'] - scores[file.name]['mAP']
                scores[file.name]['mAP_lost'] = lost
        write_description(info, unfinished)
        written = sorted(file.name for file in unfinished.iterdir())
        for name in written:
            (unfinished / name).replace(folder / name)
    return [folder / name for name in written], scores
