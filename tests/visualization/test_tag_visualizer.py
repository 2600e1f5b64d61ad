"""The visualiser draws every predicted and every labelled tag."""

import cv2
import numpy as np
import pytest
import torch
from helpers.runners import make_runner
from matplotlib.colors import to_rgb
from mmpretrain.structures import DataSample

from mmpretrain_mlml import TagVisualizer
from mmpretrain_mlml.visualization.tag_visualizer import MISSED, RIGHT, WRONG, _tags

CLASSES = ['ant', 'bee', 'cat', 'dog']


@pytest.fixture
def sample():
    sample = DataSample().set_pred_score(torch.tensor([0.9, 0.2, 0.7, 0.8]))
    return sample.set_pred_label(torch.tensor([0, 2, 3])).set_gt_label([0, 1, 3])


def test_tags_are_sorted_by_score_and_coloured(sample):
    assert _tags(sample, CLASSES) == [
        ('ant 0.90', RIGHT), ('dog 0.80', RIGHT), ('cat 0.70', WRONG), ('bee 0.20', MISSED),
    ]  # fmt: skip


def test_the_drawing_shows_image_and_tags(sample, tmp_path):
    visualizer = TagVisualizer()
    visualizer.dataset_meta = {'classes': CLASSES}
    red = np.zeros((40, 40, 3), np.uint8)
    red[..., 0] = 255
    drawn = visualizer.visualize_cls(red, sample, out_file=str(tmp_path / 'x.png'))
    file = cv2.imread(str(tmp_path / 'x.png'))[..., ::-1]
    for image in (drawn, file):
        assert (image == (255, 0, 0)).all(-1).mean() > 0.1
        for colour in (RIGHT, WRONG):
            distance = np.abs(image - 255 * np.array(to_rgb(colour))).max(-1)
            assert (distance < 12).sum() > 10


def test_a_runner_draws_bgr_images_in_their_colours(tmp_path):
    runner = make_runner(
        tmp_path,
        default_hooks={
            'visualization': {'enable': True, 'interval': 1, 'out_dir': str(tmp_path / 'shown')}
        },
    )
    hook = next(hook for hook in runner.hooks if hasattr(hook, 'draw_args'))
    bgr = torch.zeros(3, 20, 20, dtype=torch.uint8)
    bgr[2] = 255  # red
    sample = DataSample(metainfo={'img_path': 'a/b.jpg'}).set_pred_score(torch.tensor([0.9] * 10))
    sample.set_pred_label(torch.arange(10)).set_gt_label([1])
    runner.model.data_preprocessor._channel_conversion = True
    hook.before_test(runner)
    hook.after_test_iter(runner, 0, {'inputs': [bgr]}, [sample])
    (file,) = (tmp_path / 'shown').glob('*.png')
    image = cv2.imread(str(file))[..., ::-1]
    assert (image == (255, 0, 0)).all(-1).mean() > 0.1
