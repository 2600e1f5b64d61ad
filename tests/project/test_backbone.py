import pytest
import torch
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS

from mmpretrain_mlml.project import ProjectError, find_backbone
from mmpretrain_mlml.project.code_text import Variable


@pytest.mark.parametrize(
    ('name', 'width', 'size', 'mean', 'interpolation'),
    [
        ('resnet50_8xb32_in1k', 2048, 224, [123.675, 116.28, 103.53], 'bilinear'),
        ('SWIN-tiny_16xb64_in1k', 768, 224, [123.675, 116.28, 103.53], 'bicubic'),
        ('test_resnet', 96, 160, [127.5, 127.5, 127.5], 'bilinear'),
        ('test_vit.r160_in1k', 64, 160, [127.5, 127.5, 127.5], 'bicubic'),
        ('mobilenetv3_small_100', 1024, 224, [123.675, 116.28, 103.53], 'bicubic'),
    ],
)
def test_width_size_and_normalisation_come_from_the_network(name, width, size, mean, interpolation):
    found = find_backbone(name)
    assert (found.width, found.image_size, found.interpolation) == (width, size, interpolation)
    assert found.mean == pytest.approx(mean, abs=0.01)


def test_weights_of_the_zoo_go_into_the_backbone():
    found = find_backbone('mobilenet-v2_8xb32_in1k')
    assert found.config['init_cfg']['prefix'] == 'backbone'
    assert found.config['init_cfg']['checkpoint'].startswith('https://download.openmmlab.com/')
    assert 'init_cfg' not in find_backbone('mobilenet-v2_8xb32_in1k', pretrained=False).config


def test_a_network_of_a_fixed_size_follows_the_image_size():
    assert find_backbone('test_vit', image_size=96).config['img_size'] == Variable('image_size')
    sides = find_backbone('tinyvit-5m_3rdparty_in1k').config['img_size']
    assert sides == (Variable('image_size'),) * 2
    assert 'img_size' not in find_backbone('resnet18').config


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('resnet_50', 'have no network of this name; nearest: .*resnet50'),
        ('resnet50.nonsense', 'have no network of this name'),
        ('mocov2_resnet50_8xb32-coslr-200e_in1k', 'got a MoCo; expected a network that classifies'),
        ('conformer-tiny-p16_3rdparty_in1k', 'expected one feature vector an image'),
    ],
)
def test_what_is_no_backbone_is_refused(name, message):
    with pytest.raises(ProjectError, match=message):
        find_backbone(name)


def test_a_size_that_does_not_go_through_is_refused():
    with pytest.raises(ProjectError, match='images of 2 x 2 do not go through'):
        find_backbone('inception_v3', image_size=2)


def test_the_features_have_the_width_that_was_found():
    found = find_backbone('test_resnet', pretrained=False)
    init_default_scope('mmpretrain')
    network = MODELS.build(found.config)
    assert network(torch.zeros(2, 3, 64, 64))[-1].shape == (2, found.width)
