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
