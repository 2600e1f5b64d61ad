"""Class activation maps, on CNNs and transformers, against their definition."""

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmpretrain_mlml.apis.explanation import Explainer
from mmpretrain_mlml.apis.target_layer import find_target_layer, grid_of
from mmpretrain_mlml.visualization.prediction import draw_explanation, draw_prediction

CLASSES = ['ant', 'bee', 'cat']
SMALL_VIT = {'embed_dims': 32, 'num_layers': 2, 'num_heads': 2, 'feedforward_channels': 32}
SMALL_SWIN = {'embed_dims': 8, 'depths': [1, 1, 2, 2], 'num_heads': [1, 1, 2, 2]}
SMALL_CONVNEXT = {'depths': [1, 1, 1, 1], 'channels': [8, 8, 16, 32]}
# backbone, its output channels, the layer that is found, and its grid over an image of 64 x 96
NETWORKS = {
    'resnet': (
        {'type': 'ResNet', 'depth': 18, 'stem_channels': 8, 'base_channels': 8, 'frozen_stages': 4},
        64, 'layer4', (2, 3),
    ),
    'vit': (
        {'type': 'VisionTransformer', 'arch': SMALL_VIT, 'img_size': (64, 96)},
        32, 'layers.1.ln1', (4, 6),
    ),
    'vit of patches': (
        {'type': 'VisionTransformer', 'arch': SMALL_VIT, 'img_size': (64, 96),
         'out_type': 'avg_featmap'},
        32, 'ln1', (4, 6),
    ),
    'swin': (
        {'type': 'SwinTransformer', 'arch': SMALL_SWIN, 'img_size': (64, 96), 'window_size': 2,
         'pad_small_map': True},
        64, 'norm3', (2, 3),
    ),
    'convnext': ({'type': 'ConvNeXt', 'arch': SMALL_CONVNEXT}, 32, 'stages.3', (2, 3)),
    'swin of timm': (
        {'type': 'mmpretrain_mlml.TimmFeatures', 'model_name': 'swin_tiny_patch4_window7_224',
         'embed_dim': 8, 'depths': (1, 1, 1, 1), 'num_heads': (1, 1, 2, 2),
         'img_size': (64, 96), 'window_size': 2},
        64, 'timm_model.norm', (2, 3),
    ),
    'vit of timm': (
        {'type': 'mmpretrain_mlml.TimmFeatures', 'model_name': 'vit_tiny_patch16_224',
         'embed_dim': 32, 'depth': 2, 'num_heads': 2, 'img_size': (64, 96)},
        32, 'timm_model.blocks.1.norm1', (4, 6),
    ),
}  # fmt: skip


def build(name):
    backbone, channels, *_ = NETWORKS[name]
    cfg = {
        'type': 'ImageClassifier',
        'backbone': backbone,
        'neck': {'type': 'GlobalAveragePooling'} if name in ('resnet', 'swin') else None,
        'head': {'type': 'MultiLabelLinearClsHead', 'num_classes': 3, 'in_channels': channels},
        'data_preprocessor': {'mean': [100.0] * 3, 'std': [50.0] * 3, 'to_rgb': True},
    }
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return MODELS.build(Config(cfg)).eval()


@pytest.fixture
def packed():
    image = np.random.default_rng(0).integers(0, 256, (3, 64, 96), np.uint8)
    return {'inputs': torch.from_numpy(image), 'data_samples': DataSample()}


@pytest.mark.parametrize('name', NETWORKS)
def test_the_last_layer_with_a_map_is_found(name, packed):
    network = build(name)
    layer = find_target_layer(network, torch.rand(1, 3, 64, 96))
    names = {module: key for key, module in network.backbone.named_modules()}
    assert (names[layer.module], layer.grid.size) == NETWORKS[name][2:]
    explained = Explainer(network, CLASSES)(packed, ['cat', 'ant', 'bee'])
    assert list(explained.maps) == ['cat', 'ant', 'bee']
    for values in explained.maps.values():
        assert values.shape == (64, 96)
        assert 0 <= values.min() <= values.max() <= 1
    assert any(values.max() > 0.9 for values in explained.maps.values())
    np.testing.assert_array_equal(
        explained.image, packed['inputs'].numpy()[::-1].transpose(1, 2, 0)
    )


def test_the_map_of_a_cnn_is_that_of_the_paper(packed):
    network = build('resnet')
    network.head.fc.weight.data.abs_()
    before = [weight.requires_grad for weight in network.parameters()]
    found = Explainer(network, CLASSES)(packed, ['bee']).maps['bee']
    assert [weight.requires_grad for weight in network.parameters()] == before
    assert all(weight.grad is None for weight in network.parameters())
    data = {'inputs': [packed['inputs']], 'data_samples': [DataSample()]}
    with torch.no_grad():
        inputs = network.data_preprocessor(data, False)['inputs']
        (features,) = network.backbone(inputs)
        weights = network.head.fc.weight[1]  # after an average, times a constant, the gradient
        expected = torch.einsum('chw,c->hw', features[0], weights).relu().numpy()
    expected = (expected - expected.min()) / np.ptp(expected)
    np.testing.assert_allclose(found, cv2.resize(expected, (96, 64)), atol=1e-5)


def test_grids_of_tokens():
    norm = torch.nn.LayerNorm(8)
    assert grid_of(norm, (1, 201, 8), (224, 224)).extra == 5  # a class token and four registers
    assert grid_of(norm, (1, 49, 8), (224, 224)).size == (7, 7)
    assert grid_of(torch.nn.Linear(8, 8), (1, 49, 8), (224, 224)) is None
    assert grid_of(norm, (1, 8, 1, 1), (224, 224)) is None


def test_a_tag_that_is_no_class_and_a_network_without_a_map_are_refused(packed):
    explain = Explainer(build('resnet'), CLASSES)
    with pytest.raises(ValueError, match="among the classes of the model, got 'owl'"):
        explain(packed, ['owl'])
    flat = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(3 * 64 * 96, 8))
    network = build('resnet')
    network.backbone, network.neck = flat, None
    network.extract_feat = lambda inputs: (torch.cat([flat(inputs)] * 8, 1),)
    with pytest.raises(ValueError, match='Sequential has no layer with a map of the image'):
        Explainer(network, CLASSES)(packed, ['ant'])


def test_the_drawings_name_all_tags():
    image = np.zeros((1000, 500, 3), np.uint8)
    tags = {f'tag {number}': 1 - number / 10 for number in range(8)}
    maps = dict.fromkeys(list(tags)[:6], np.eye(32, dtype=np.float32))
    figure = draw_explanation(image, 'a.jpg', tags, np.zeros((32, 32, 3), np.uint8), maps)
    titles = [axes.get_title(loc='left') for axes in figure.axes]
    assert titles[:3] == ['a.jpg', '\u2022 tag 0 1.00', '\u2022 tag 1 0.90']
    assert figure._suptitle.get_text().endswith('; 2 more tags without a map')
    assert figure.axes[0].images[0].get_array().shape == (800, 400, 3)
    texts = [
        text.get_text() for axes in draw_prediction(image, 'a', tags).axes for text in axes.texts
    ]
    assert len(texts) == 8
    assert 'no tag' in draw_prediction(image, 'a', {}).legends[0].get_texts()[0].get_text()
