"""Every shipped config trains one step; every network does so on images of its real size."""

import pytest
import torch
from helpers.configs import NAMES, load
from mmengine.runner import Runner

NETWORKS = (
    'coco_0.4left_splc.py',
    'coco_0.4left_splc_resnet101.py',
    'coco_0.4left_splc_swin-tiny.py',
    'coco_0.4left_splc_timm-convnext-tiny.py',
    'coco_0.4left_splc_timm-tresnet-l.py',
    'coco_0.4left_splc_vit-base.py',
)


pytestmark = pytest.mark.usefixtures('public_roots')


def one_step(name, work_dir):
    """A config without what a single step does not need: weights, validation, checkpoints."""
    cfg = load(name)
    cfg.work_dir = cfg.experiment_name = str(work_dir)
    cfg.log_level = 'ERROR'
    cfg.model.backbone.init_cfg = None
    if cfg.optim_wrapper.get('dtype') == 'float16' and not torch.cuda.is_available():
        cfg.optim_wrapper.dtype = 'bfloat16'
    if 'pretrained' in cfg.model.backbone:
        cfg.model.backbone.pretrained = False
    cfg.train_dataloader.update(batch_size=2, num_workers=0, persistent_workers=False)
    cfg.train_dataloader.dataset.indices = 8 if name.startswith('digits') else 2
    cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
    cfg.test_dataloader = cfg.test_cfg = cfg.test_evaluator = None
    cfg.default_hooks.checkpoint = None
    cfg.train_cfg = {'by_epoch': True, 'max_epochs': 1}
    return cfg


def shrink(cfg):
    """Train on small images: nothing but the time depends on their size."""
    size = 64
    if 'img_size' in cfg.model.backbone:  # Swin needs seven times its stride of 32
        size = cfg.model.backbone.img_size = 224
    for transform in cfg.train_dataloader.dataset.pipeline:
        if transform.type.endswith('Resize'):
            transform.scale = (size, size)


def assert_trains(cfg):
    runner = Runner.from_cfg(cfg)
    before = [p.detach().clone() for p in runner.model.head.parameters()]
    runner.train()
    assert runner.iter == len(runner.train_dataloader)
    assert runner.message_hub.get_scalar('train/loss').current() > 0
    assert all(torch.isfinite(p).all() for p in runner.model.parameters())
    after = list(runner.model.head.parameters())
    assert any(not torch.equal(a, b) for a, b in zip(before, after))


@pytest.mark.parametrize('name', NAMES)
def test_a_config_trains_a_step(name, tmp_path):
    cfg = one_step(name, tmp_path)
    shrink(cfg)
    assert_trains(cfg)


@pytest.mark.slow
@pytest.mark.parametrize('name', NETWORKS)
def test_a_network_trains_a_step_on_images_of_its_size(name, tmp_path):
    cfg = one_step(name, tmp_path)
    assert [
        t.scale for t in cfg.train_dataloader.dataset.pipeline if t.type.endswith('Resize')
    ] == [(448, 448)]
    assert_trains(cfg)


def test_the_networks_are_all_there_are():
    backbones = {str(load(name).model.backbone) for name in NETWORKS}
    assert len(backbones) == len(NETWORKS)
    for name in NAMES:
        if name.startswith('coco'):
            assert str(load(name).model.backbone) in backbones
