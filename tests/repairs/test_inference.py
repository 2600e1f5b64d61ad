"""MMPretrain's get_model and inference_model with models of several labels, and with others."""

from copy import deepcopy

import mmpretrain
import numpy as np
import pytest
import torch
from helpers.training import CONFIG
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain import get_model, inference_model, list_models

import mmpretrain_mlml
from mmpretrain_mlml import MultiLabelInferencer
from mmpretrain_mlml.datasets.digit_scenes import make_scenes

NAME = 'digits_0.4left_splc'
STOCK = inference_model.__wrapped__


@pytest.fixture(scope='module')
def image():
    return make_scenes('test', 1)[0][0]


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp('weights') / 'random.pth'
    torch.manual_seed(0)
    torch.save(get_model(NAME).state_dict(), path)
    return str(path)


def test_the_stock_stack_has_no_inferencer_for_several_labels(image):
    with pytest.raises(NotImplementedError, match='No available inferencer'):
        STOCK(get_model(CONFIG), image)
    with pytest.raises(ValueError, match='Failed to find model'):
        STOCK(CONFIG, image)


def test_models_and_configs_give_what_the_inferencer_gives(image, weights):
    path = mmpretrain_mlml.config(f'{NAME}.py')
    (expected,) = MultiLabelInferencer(path, weights, 0.45, show_progress=False)([image])
    assert expected.tags
    network = get_model(NAME, pretrained=weights)
    for result in (
        inference_model(network, image, thresholds=0.45),
        inference_model(NAME, image, weights=weights, thresholds=0.45),
        inference_model(path, image, pretrained=weights, thresholds=0.45, batch_size=1),
        inference_model(Config.fromfile(path), image, weights=weights, thresholds=0.45),
        mmpretrain.apis.inference_model(network, image, thresholds=0.45),
    ):
        assert result.tags == expected.tags
        np.testing.assert_array_equal(result.probabilities, expected.probabilities)
    with pytest.raises(ValueError, match=r'none\.jpg cannot be read: no such file'):
        inference_model(network, 'none.jpg')
    with pytest.raises(ValueError, match='expected weights'):
        inference_model(NAME, image)


@pytest.fixture
def own_scope():
    """The scope in which MMPretrain's inferencer works, whatever ran before."""
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        yield


@pytest.mark.usefixtures('own_scope')
def test_what_mmpretrain_finds_is_as_before(image):
    assert not [name for name in list_models() if 'splc' in name]
    resnet = get_model('resnet18_8xb32_in1k')
    np.random.seed(0)
    colour = np.random.randint(0, 256, (40, 50, 3), np.uint8)
    expected, found = STOCK(resnet, colour), inference_model(resnet, colour)
    assert found.keys() == expected.keys()
    np.testing.assert_array_equal(found['pred_scores'], expected['pred_scores'])
    with pytest.raises(ValueError, match='Failed to find model "nothing"'):
        get_model('nothing')
    for wrong in ('nothing', 'nothing.py', 3):
        with pytest.raises((ValueError, AttributeError)) as stock:
            STOCK(wrong, image)
        with pytest.raises(stock.type, match=str(stock.value)[:20]):
            inference_model(wrong, image)
    cfg = deepcopy(Config.fromfile(CONFIG))
    cfg.model.head = {'type': 'LinearClsHead', 'num_classes': 10, 'in_channels': 128}
    with pytest.raises(NotImplementedError):
        inference_model(get_model(cfg), image)


def test_a_model_of_mmpretrains_index_with_several_labels_has_an_inferencer():
    small = {'backbone': {'depth': 18}, 'head': {'in_channels': 512}}
    csra = get_model('resnet101-csra_1xb16_voc07-448px', **small)
    colour = np.zeros((40, 50, 3), np.uint8)
    with pytest.raises(IndexError):
        STOCK(csra, colour)
    result = inference_model(csra, colour)
    assert result.probabilities.shape == (20,)


def test_a_module_that_imported_it_before_has_the_new_one():
    import mmpretrain.apis.model

    assert mmpretrain.apis.model.inference_model is inference_model
    assert mmpretrain.inference_model is inference_model
