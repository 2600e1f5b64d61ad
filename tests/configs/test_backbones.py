"""How the networks of the configs start: from weight files, and at the log-odds of the labels."""

import pytest
import torch
from helpers.configs import load
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS

PRETRAINED = {  # how the file behind each init_cfg names its weights
    'coco_0.4left_splc.py': '',
    'coco_0.4left_splc_resnet101.py': '',
    'coco_0.4left_splc_swin-tiny.py': 'backbone.',
    'coco_0.4left_splc_vit-base.py': 'backbone.',
    'photos_full_bce.py': 'backbone.',
}


@pytest.mark.parametrize('name', PRETRAINED)
def test_a_backbone_starts_from_the_file_that_init_cfg_names(name, tmp_path, monkeypatch):
    monkeypatch.delenv('MOBILENET_V2_WEIGHTS', raising=False)
    backbone = load(name).model.backbone
    assert '://' in backbone.init_cfg.checkpoint
    backbone.init_cfg.checkpoint = str(tmp_path / 'weights.pth')
    init_default_scope('mmpretrain')
    source = MODELS.build({**backbone, 'init_cfg': None})
    for parameter in source.parameters():
        parameter.data.uniform_(-1, 1)
    prefix = PRETRAINED[name]
    state = {prefix + key: value for key, value in source.state_dict().items()}
    torch.save(state, tmp_path / 'weights.pth')
    started = MODELS.build(backbone)
    started.init_weights()
    for (key, value), expected in zip(started.named_parameters(), source.parameters(), strict=True):
        assert torch.equal(value, expected), key


@pytest.mark.parametrize('network', ['swin-tiny', 'vit-base', 'timm-convnext-tiny'])
def test_classifiers_on_centred_features_start_at_the_log_odds(network):
    cfg = load(f'coco_0.4left_splc_{network}.py')
    assert cfg.default_hooks.label_prior.type == 'mmpretrain_mlml.LabelPriorHook'
    assert 'label_prior' not in load('coco_0.4left_splc.py').default_hooks  # the released recipe
