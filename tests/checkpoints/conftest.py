import pytest
import torch
from mmengine.config import Config

from mmpretrain_mlml import config
from mmpretrain_mlml.checkpoints import build_model, describe, export_onnx, export_predict


@pytest.fixture(scope='package')
def cfg():
    """A COCO config with a small network and small images."""
    cfg = Config.fromfile(config('coco_0.4left_splc.py'))
    cfg.model.backbone.update(depth=18, init_cfg=None)
    cfg.model.head.in_channels = 512
    cfg.test_dataloader.dataset.pipeline[1].scale = (96, 64)
    cfg.test_evaluator.threshold = 0.4
    return cfg


@pytest.fixture(scope='package')
def model_and_info(cfg):
    """The network of the config with random weights, and its description."""
    torch.manual_seed(0)
    from mmpretrain.registry import MODELS

    fresh = MODELS.build(cfg.model)
    return build_model(cfg, fresh.state_dict()), describe(cfg)


@pytest.fixture(scope='package')
def exported(model_and_info, cfg, tmp_path_factory):
    """A folder with model.onnx, model.json and predict.py."""
    pytest.importorskip('onnxruntime')
    pytest.importorskip('onnxscript')
    model, info = model_and_info
    folder = tmp_path_factory.mktemp('exported')
    export_onnx(model, info, folder)
    export_predict(cfg, info, folder)
    return folder
