"""Exported models, used as somebody without this package would."""

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmpretrain_mlml import config
from mmpretrain_mlml.checkpoints import build_model, describe, export_onnx, export_safetensors
from mmpretrain_mlml.labels import COCO_CLASSES


@pytest.fixture(scope='module')
def model_and_info():
    cfg = Config.fromfile(config('coco_0.4left_splc.py'))
    cfg.model.backbone.update(depth=18, init_cfg=None)
    cfg.model.head.in_channels = 512
    cfg.test_dataloader.dataset.pipeline[1].scale = (96, 64)
    cfg.test_evaluator.threshold = 0.4
    torch.manual_seed(0)
    from mmpretrain.registry import MODELS

    fresh = MODELS.build(cfg.model)
    return build_model(cfg, fresh.state_dict()), describe(cfg)


def test_the_description_says_how_to_use_the_model(model_and_info):
    info = model_and_info[1]
    assert info['classes'] == list(COCO_CLASSES)
    assert info['thresholds'] == [0.4] * 80
    assert info['input']['size'] == [64, 96]  # height, width
    assert info['input']['channels'] == 'RGB'
    assert info['input']['std'] == [255.0] * 3
    with pytest.raises(ValueError, match='no Resize'):
        describe(Config.fromfile(config('digits_0.4left_splc.py')))
    digits = describe(Config.fromfile(config('digits_0.4left_splc.py')), (48, 48))
    assert digits['input']['channels'] == 'gray'


def test_safetensors_hold_every_weight(model_and_info, tmp_path):
    from safetensors.torch import load_file

    model, info = model_and_info
    weights, description = export_safetensors(model, info, tmp_path)
    found = load_file(weights)
    assert found.keys() == model.state_dict().keys()
    assert all(torch.equal(found[key], value) for key, value in model.state_dict().items())
    assert json.loads(description.read_text()) == info


@pytest.mark.slow
def test_onnx_gives_the_probabilities_of_the_whole_pipeline(model_and_info, tmp_path):
    onnxruntime = pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')
    from mmpretrain.structures import DataSample

    model, info = model_and_info
    path, _ = export_onnx(model, info, tmp_path)
    session = onnxruntime.InferenceSession(str(path), providers=['CPUExecutionProvider'])
    images = np.random.RandomState(0).randint(0, 256, (5, 3, 64, 96)).astype(np.uint8)  # RGB
    (found,) = session.run(None, {'image': images.astype(np.float32)})
    assert found.shape == (5, 80)
    # as tools/test.py goes: blue first, through preprocessor and head
    batch = {
        'inputs': torch.from_numpy(images[:, ::-1].copy()),
        'data_samples': [DataSample() for _ in images],
    }
    with torch.no_grad():
        expected = torch.stack([sample.pred_score for sample in model.val_step(batch)])
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)
