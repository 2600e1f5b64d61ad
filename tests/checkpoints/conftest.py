import pytest
import torch
from mmengine.config import Config

from mmpretrain_mlml import config
from mmpretrain_mlml.checkpoints import build_model, describe


@pytest.fixture(scope='module')
def model_and_info():
    """A small network of a COCO config with random weights, and its description."""
    cfg = Config.fromfile(config('coco_0.4left_splc.py'))
    cfg.model.backbone.update(depth=18, init_cfg=None)
    cfg.model.head.in_channels = 512
    cfg.test_dataloader.dataset.pipeline[1].scale = (96, 64)
    cfg.test_evaluator.threshold = 0.4
    torch.manual_seed(0)
    from mmpretrain.registry import MODELS

    fresh = MODELS.build(cfg.model)
    return build_model(cfg, fresh.state_dict()), describe(cfg)
