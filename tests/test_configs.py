"""Every shipped config parses, holds what others rely on, and trains one step."""

import re

import pytest
import torch
from helpers import ROOT
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmpretrain.registry import MODELS

import mmpretrain_mlml

CONFIGS = sorted(path.name for path in (ROOT / 'configs').glob('*.py'))
LISTS = ('full', '0.75left', '0.4left', 'single')
LOSSES = {'bce': 'BCE', 'focal': 'Focal', 'asl': 'ASL', 'hill': 'Hill', 'splc': 'SPLC'}
FAMILY = {cls.__name__.lower(): cls.__name__ for cls in mmpretrain_mlml.FAMILY}


def load(name):
    return Config.fromfile(mmpretrain_mlml.config(name))


def test_the_promised_configs_are_there():
    coco = {f'coco_{labels}_{loss}.py' for labels in LISTS for loss in LOSSES}
    digits = {
        f'digits_{labels}_{loss}.py'
        for labels in ('full', '0.4left', 'single')
        for loss in ('bce', 'hill', 'splc')
    }
    assert coco | digits <= set(CONFIGS)
    for loss in FAMILY:
        labels = 'rps' if loss in ('ignore', 'pasl') else '0.4left'
        assert f'digits_{labels}_{loss}.py' in CONFIGS


@pytest.mark.parametrize('name', CONFIGS)
def test_a_leaf_says_what_it_is_in_few_lines(name):
    text = (ROOT / 'configs' / name).read_text()
    assert 4 <= len(text.splitlines()) <= 8
    assert text.startswith('# ')
    assert re.search(rf'(python tools/train\.py|bash tools/dist_train\.sh) configs/{name}', text)
    assert '::' not in text


@pytest.mark.parametrize('name', CONFIGS)
def test_a_config_holds_what_others_rely_on(name):
    cfg = load(name)
    assert cfg.default_hooks.loss_epoch.type == 'mmpretrain_mlml.LossEpochHook'
    assert cfg.auto_scale_lr.base_batch_size == cfg.train_dataloader.batch_size
    assert cfg.val_evaluator.type == cfg.test_evaluator.type == 'mmpretrain_mlml.MultiLabelScores'
    assert 'custom_imports' not in cfg
    assert '::' not in cfg.pretty_text
    labels, loss = re.match(r'[a-z]+_([^_]+)_([a-z]+)', name).groups()
    dataset = cfg.train_dataloader.dataset
    if name.startswith('photos'):
        assert dataset.ann_file == f'train_{labels}.txt'
    else:
        assert (dataset.protocol, dataset.get('unknown', 0)) == (
            ('full', 0.5) if labels == 'rps' else (labels, 0)
        )
    assert cfg.val_dataloader.dataset.get('protocol', 'full') == 'full'
    assert cfg.model.head.loss.type == f'mmpretrain_mlml.{FAMILY[loss]}'
    assert (cfg.model.head.loss.get('tau') == 0.65) == (labels == '0.75left' and loss == 'splc')


@pytest.mark.parametrize('name', CONFIGS)
def test_a_config_trains_a_step(name, coco_root, tmp_path, monkeypatch):
    monkeypatch.setenv('COCO_ROOT', str(coco_root))
    monkeypatch.setenv('PHOTOS_ROOT', str(coco_root))
    cfg = load(name)
    cfg.work_dir = str(tmp_path)
    cfg.experiment_name = str(tmp_path)
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
    runner = Runner.from_cfg(cfg)
    before = [p.detach().clone() for p in runner.model.head.parameters()]
    runner.train()
    assert runner.iter == len(runner.train_dataloader)
    assert runner.message_hub.get_scalar('train/loss').current() > 0
    after = list(runner.model.head.parameters())
    assert all(torch.isfinite(p).all() for p in runner.model.parameters())
    assert any(not torch.equal(a, b) for a, b in zip(before, after))


def test_the_image_size_and_the_pixels_are_those_of_the_recipe(coco_root, monkeypatch):
    monkeypatch.setenv('COCO_ROOT', str(coco_root))
    cfg = load('coco_0.4left_splc.py')
    dataset = mmpretrain_mlml.COCOMissingLabel(
        **{k: v for k, v in cfg.train_dataloader.dataset.items() if k != 'type'}
    )
    assert dataset[0]['inputs'].shape == (3, 448, 448)
    assert cfg.model.data_preprocessor.mean == [0, 0, 0]
    assert cfg.model.data_preprocessor.std == [255, 255, 255]


def test_coco_is_looked_for_in_data_coco_or_where_coco_root_points(monkeypatch):
    monkeypatch.delenv('COCO_ROOT', raising=False)
    assert load('coco_full_bce.py').train_dataloader.dataset.data_root == 'data/coco'
    monkeypatch.setenv('COCO_ROOT', '/elsewhere/coco')
    assert load('coco_full_bce.py').val_dataloader.dataset.data_root == '/elsewhere/coco'


def test_an_unknown_config_is_named_with_those_there_are():
    with pytest.raises(FileNotFoundError, match=r"'coco_splc\.py'.*coco_0\.4left_splc\.py"):
        mmpretrain_mlml.config('coco_splc.py')


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
    found = MODELS.build(backbone)
    found.init_weights()
    for (key, value), expected in zip(found.named_parameters(), source.parameters(), strict=True):
        assert torch.equal(value, expected), key


@pytest.mark.parametrize('network', ['swin-tiny', 'vit-base', 'timm-convnext-tiny'])
def test_classifiers_on_centred_features_start_at_the_log_odds(network):
    cfg = load(f'coco_0.4left_splc_{network}.py')
    assert cfg.default_hooks.label_prior.type == 'mmpretrain_mlml.LabelPriorHook'
    assert 'label_prior' not in load('coco_0.4left_splc.py').default_hooks  # the released recipe


def test_a_study_names_the_label_lists_of_the_configs():
    study = load('studies/photos.py')
    for name in ('full', '0.4left'):
        config = load(f'photos_{name}_splc.py')
        assert config.train_dataloader.dataset.ann_file == study.labels[name].ann_file
