"""Exported models, used as by somebody without this package."""

import json

import numpy as np
import torch
from helpers.hostile_names import HOSTILE_NAMES, assert_harmless

from mmpretrain_mlml.checkpoints import export_safetensors


def test_safetensors_hold_every_weight(model_and_info, tmp_path):
    from safetensors.torch import load_file

    model, info = model_and_info
    weights, description = export_safetensors(model, info, tmp_path)
    exported = load_file(weights)
    assert exported.keys() == model.state_dict().keys()
    assert all(torch.equal(exported[key], value) for key, value in model.state_dict().items())
    assert json.loads(description.read_text()) == info


def test_onnx_gives_the_probabilities_of_the_whole_pipeline(model_and_info, exported):
    import onnxruntime
    from mmpretrain.structures import DataSample

    model, path = model_and_info[0], exported / 'model.onnx'
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    images = np.random.RandomState(0).randint(0, 256, (5, 3, 64, 96)).astype(np.uint8)  # RGB
    (exported,) = session.run(None, {'image': images.astype(np.float32)})
    assert exported.shape == (5, 80)
    # as in tools/test.py: blue first, through preprocessor and head
    batch = {
        'inputs': torch.from_numpy(images[:, ::-1].copy()),
        'data_samples': [DataSample() for _ in images],
    }
    with torch.no_grad():
        expected = torch.stack([sample.pred_score for sample in model.val_step(batch)])
    np.testing.assert_allclose(exported, expected.numpy(), atol=1e-5)


def test_names_are_data_in_the_description(model_and_info, tmp_path):
    """Any reader of JSON gets them back, and a terminal that shows the file is left alone."""
    model, info = model_and_info
    info = {**info, 'classes': list(HOSTILE_NAMES)}
    text = export_safetensors(model, info, tmp_path)[1].read_text('utf-8')
    assert json.loads(text) == info
    assert_harmless(text)
