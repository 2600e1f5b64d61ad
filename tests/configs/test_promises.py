"""Every shipped config is short, and holds what users and other parts rely on."""

import re

import pytest
from helpers import ROOT
from helpers.configs import FAMILY, NAMES, load
from mmpretrain.registry import DATASETS

import mmpretrain_mlml

LISTS = ('full', '0.75left', '0.4left', 'single')
COCO_LOSSES = ('bce', 'focal', 'asl', 'hill', 'splc')
DIGITS_LOSSES = (
    'bce', 'wan', 'anls', 'focal', 'focalmargin', 'asl', 'hill', 'splc', 'rlc', 'em', 'apl', 'llr',
    'llct', 'llcp', 'epr', 'role', 'gr', 'twoway', 'ignore', 'pasl',
)  # fmt: skip


def test_the_promised_configs_are_there():
    coco = {f'coco_{labels}_{loss}.py' for labels in LISTS for loss in COCO_LOSSES}
    digits = {
        f'digits_{labels}_{loss}.py'
        for labels in ('full', '0.4left', 'single')
        for loss in ('bce', 'hill', 'splc')
    }
    assert coco | digits <= set(NAMES)
    assert set(DIGITS_LOSSES) <= set(FAMILY)
    for loss in DIGITS_LOSSES:
        labels = 'rps' if loss in ('ignore', 'pasl') else '0.4left'
        assert f'digits_{labels}_{loss}.py' in NAMES


@pytest.mark.parametrize('name', NAMES)
def test_a_leaf_says_what_it_is_in_few_lines(name):
    text = (ROOT / 'configs' / name).read_text()
    assert 4 <= len(text.splitlines()) <= 8
    assert text.startswith('# ')
    assert re.search(rf'(python tools/train\.py|bash tools/dist_train\.sh) configs/{name}', text)
    assert '::' not in text


@pytest.mark.parametrize('name', NAMES)
def test_a_config_holds_what_others_rely_on(name):
    cfg = load(name)
    assert cfg.default_hooks.loss_epoch.type == 'mmpretrain_mlml.LossEpochHook'
    assert cfg.auto_scale_lr.base_batch_size == cfg.train_dataloader.batch_size
    assert cfg.val_evaluator.type == cfg.test_evaluator.type == 'mmpretrain_mlml.MultiLabelScores'
    assert 'custom_imports' not in cfg
    assert '::' not in cfg.pretty_text
    labels, loss = re.match(r'[a-z0-9]+_([^_]+)_([a-z]+)', name).groups()
    dataset = cfg.train_dataloader.dataset
    if name.startswith('photos'):
        assert dataset.ann_file == f'train_{labels}.txt'
    else:
        protocol, unknown = ('full', 0.5) if labels == 'rps' else (labels, 0)
        assert (dataset.protocol, dataset.get('unknown', 0)) == (protocol, unknown)
    assert cfg.val_dataloader.dataset.get('protocol', 'full') == 'full'
    assert cfg.model.head.loss.type == f'mmpretrain_mlml.{FAMILY[loss]}'
    assert (cfg.model.head.loss.get('tau') == 0.65) == (labels == '0.75left' and loss == 'splc')


def test_image_size_and_pixels_are_those_of_the_recipe(coco_root, monkeypatch):
    monkeypatch.setenv('COCO_ROOT', str(coco_root))
    cfg = load('coco_0.4left_splc.py')
    dataset = mmpretrain_mlml.COCOMissingLabel(
        **{k: v for k, v in cfg.train_dataloader.dataset.items() if k != 'type'}
    )
    assert dataset[0]['inputs'].shape == (3, 448, 448)
    assert cfg.model.data_preprocessor.mean == [0, 0, 0]
    assert cfg.model.data_preprocessor.std == [255, 255, 255]


def test_coco_lies_in_data_coco_or_where_coco_root_points(monkeypatch):
    monkeypatch.delenv('COCO_ROOT', raising=False)
    assert load('coco_full_bce.py').train_dataloader.dataset.data_root == 'data/coco'
    monkeypatch.setenv('COCO_ROOT', '/elsewhere/coco')
    assert load('coco_full_bce.py').val_dataloader.dataset.data_root == '/elsewhere/coco'


@pytest.mark.parametrize(
    ('name', 'number'),
    [
        ('coco2017_0.4left_splc.py', 80),
        ('voc2007_full_asl.py', 20),
        ('voc2012_single_splc.py', 20),
        ('nus_single_splc.py', 81),
        ('openimages_full_pasl.py', 9605),
    ],
)
def test_a_public_data_set_has_the_classes_of_its_network(name, number, public_roots):
    cfg = load(name)
    for split in ('train', 'val', 'test'):
        dataset = DATASETS.build({**cfg[f'{split}_dataloader'].dataset, 'pipeline': []})
        assert len(dataset.metainfo['classes']) == number
        assert len(dataset) > 1
    assert cfg.model.head.num_classes == cfg.model.data_preprocessor.num_classes == number
    assert cfg.model.head.loss.get('unknown', 'select') == 'select'


def test_an_unknown_config_is_named_with_those_there_are():
    with pytest.raises(FileNotFoundError, match=r"'coco_splc\.py'.*coco_0\.4left_splc\.py"):
        mmpretrain_mlml.config('coco_splc.py')


def test_a_study_names_the_label_lists_of_the_configs():
    study = load('studies/photos.py')
    for name in ('full', '0.4left'):
        config = load(f'photos_{name}_splc.py')
        assert config.train_dataloader.dataset.ann_file == study.labels[name].ann_file
