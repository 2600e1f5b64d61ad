"""The input pipeline of the paper's recipe."""

import numpy as np
from mmcv.transforms import Compose
from mmpretrain.registry import TRANSFORMS

from mmpretrain_mlml.runtime.random_state import seeded


def test_the_order_is_resize_cutout_rand_augment(pipeline):
    assert [step.type.rpartition('.')[2] for step in pipeline] == [
        'LoadWholeImage', 'SmoothResize', 'RelativeCutout', 'StepRandAugment', 'PackPlanes',
    ]  # fmt: skip
    assert pipeline[1].scale == (448, 448)
    assert pipeline[1].get('keep_ratio', False) is False
    assert pipeline[2].size == 0.5


def test_resize_squashes(pipeline):
    resized = TRANSFORMS.build(pipeline[1])({'img': np.zeros((100, 300, 3), np.uint8)})
    assert resized['img'].shape == (448, 448, 3)


def test_the_seed_determines_the_result(pipeline, coco_root):
    train = Compose([TRANSFORMS.build(step) for step in pipeline])
    file = str(sorted((coco_root / 'train2014').glob('*.jpg'))[0])

    def picture_of(seed):
        with seeded(seed, 0, 0):
            return train({'img_path': file, 'gt_label': [1]})['inputs']

    assert picture_of(1).equal(picture_of(1))
    assert not picture_of(1).equal(picture_of(2))
    assert picture_of(1).shape == (3, 448, 448)
