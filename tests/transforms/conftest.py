import numpy as np
import pytest
from mmengine.config import Config

from mmpretrain_mlml import StepRandAugment, config


@pytest.fixture(scope='module')
def pipeline():
    return Config.fromfile(config('coco_0.4left_splc.py')).train_dataloader.dataset.pipeline


@pytest.fixture
def augment(pipeline):
    cfg = dict(pipeline[3])
    assert cfg.pop('type') == 'mmpretrain_mlml.StepRandAugment'
    return StepRandAugment(**cfg)


@pytest.fixture
def picture():
    """A smooth picture with edges, 64 x 80, BGR."""
    rows, columns = np.mgrid[:64, :80]
    image = np.stack([rows * 3, columns * 3, (rows + columns) * 1.5], -1).astype(np.uint8)
    image[20:40, 30:60] = (200, 40, 90)
    return image
