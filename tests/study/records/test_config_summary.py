"""What a config trains, in words."""

import pytest
from mmengine.config import Config

from mmpretrain_mlml import config
from mmpretrain_mlml.study.records.config_summary import (
    labels_name,
    loss_name,
    published_figure,
    recipe,
    setting,
)


def load(name, **changes):
    cfg = Config.fromfile(config(name))
    cfg.merge_from_dict(changes)
    return cfg


def test_a_setting_is_data_backbone_length_and_precision():
    assert (
        setting(load('coco_0.4left_splc.py')) == 'COCOMissingLabel, ResNet-50, 31 epochs, float32'
    )
    timm = load('coco_0.4left_splc_timm-convnext-tiny.py', **{'optim_wrapper.dtype': 'bfloat16'})
    assert setting(timm) == 'COCOMissingLabel, convnext_tiny, 31 epochs, bfloat16'
    by_iteration = load('digits_full_bce.py')
    by_iteration.train_cfg = {'by_epoch': False, 'max_iters': 50}
    assert setting(by_iteration) == 'DigitScenes, ResNet_CIFAR-18, 50 iterations, float32'


@pytest.mark.parametrize(
    ('dataset', 'name'),
    [
        ({'protocol': 'single'}, 'single'),
        ({'ann_file': 'coco_train_0.75left.txt', 'protocol': 'full'}, '0.75left'),
        ({'ann_file': 'coco_train_singlelabel.txt', 'protocol': 'full'}, 'single'),
        ({'ann_file': 'mine.txt', 'protocol': 'full'}, 'mine'),
        ({'ann_file': 'mine.txt', 'protocol': '0.4left'}, '0.4left'),
        ({'ann_file': 'instances.json', 'protocol': 'full'}, 'full'),
    ],
)
def test_labels_are_called_by_their_protocol_or_list(dataset, name):
    cfg = load('coco_full_bce.py')
    cfg.train_dataloader.dataset = {'type': 'COCOMissingLabel', **dataset}
    assert labels_name(cfg) == name
    cfg.train_dataloader.dataset = {
        'type': 'RepeatDataset',
        'dataset': cfg.train_dataloader.dataset,
    }
    assert labels_name(cfg) == name


def test_a_loss_is_called_by_its_class_and_arguments():
    assert (
        loss_name({'type': 'mmpretrain_mlml.Hill', 'reduction': 'sum', 'lamb': 2}) == 'Hill(lamb=2)'
    )


def test_loss_labels_and_seed_are_no_part_of_a_recipe():
    paper = load('coco_0.4left_splc.py')
    assert recipe(load('coco_full_bce.py', **{'randomness.seed': 3})) == recipe(paper)
    assert recipe(load('coco_0.4left_splc.py', **{'model.backbone.depth': 101})) != recipe(paper)


def test_the_papers_figure_is_of_its_recipe_and_loss_only():
    assert published_figure(load('coco_0.4left_splc.py')) == (75.69, 'quoted')
    assert published_figure(load('coco_0.4left_splc.py', **{'model.head.loss.fused': True}))
    assert published_figure(load('coco_0.4left_splc.py', **{'model.head.loss.tau': 0.9})) is None
    assert published_figure(load('coco_0.4left_splc_bf16.py')) is None
    assert published_figure(load('digits_0.4left_splc.py')) is None
