"""The description says all that is needed to use a model."""

import pytest
from mmengine.config import Config

from mmpretrain_mlml import config
from mmpretrain_mlml.checkpoints import describe
from mmpretrain_mlml.labels import COCO_CLASSES


def test_the_description_says_how_to_use_the_model(model_and_info):
    info = model_and_info[1]
    assert info['classes'] == list(COCO_CLASSES)
    assert info['thresholds'] == [0.4] * 80
    assert info['input']['size'] == [64, 96]  # height, width
    assert info['input']['channels'] == 'RGB'
    assert info['input']['std'] == [255.0] * 3
    with pytest.raises(ValueError, match='no Resize'):
        describe(Config.fromfile(config('digits_0.4left_splc.py')))
    digits = describe(Config.fromfile(config('digits_0.4left_splc.py')), (48, 48))
    assert digits['input']['channels'] == 'gray'


def test_the_description_says_what_the_output_is(model_and_info):
    output = model_and_info[1]['output']
    assert (output['name'], output['shape'], output['range']) == ('probability', ['N', 80], [0, 1])
    assert output['activation'] == 'sigmoid'
    assert output['activation_inside'] == {'onnx': True, 'safetensors': False}


@pytest.mark.parametrize('threshold', [0.3, [0.1 * k for k in range(10)]])
def test_there_is_one_threshold_for_each_class(threshold):
    cfg = Config.fromfile(config('digits_0.4left_splc.py'))
    cfg.test_evaluator.threshold = threshold
    expected = threshold if isinstance(threshold, list) else [threshold] * 10
    assert describe(cfg, (48, 48))['thresholds'] == expected


def test_another_number_of_thresholds_than_classes_is_refused():
    cfg = Config.fromfile(config('digits_0.4left_splc.py'))
    cfg.test_evaluator.threshold = [0.5, 0.5]
    with pytest.raises(
        ValueError, match=r'test_evaluator\.threshold: expected .* for each of 10 classes'
    ):
        describe(cfg, (48, 48))


def test_classes_that_nobody_names_are_asked_for():
    cfg = Config.fromfile(config('digits_0.4left_splc.py'))
    cfg.test_dataloader.dataset = {'type': 'mmpretrain_mlml.TagTable', 'ann_file': 'nowhere.csv'}
    with pytest.raises(ValueError, match='the class names of the test set are not known'):
        describe(cfg, (48, 48))
