"""The visualiser draws every predicted and every labelled tag."""

import cv2
import numpy as np
import pytest
import torch
from helpers.runners import make_runner
from matplotlib.colors import to_rgb
from mmpretrain.structures import DataSample

from mmpretrain_mlml import TagVisualizer
from mmpretrain_mlml.visualization.predicted_tags import (
    MISSED,
    PREDICTED,
    RIGHT,
    WRONG,
    legend_of,
    predicted_tags,
)

CLASSES = ['ant', 'bee', 'cat', 'dog']


@pytest.fixture
def sample():
    sample = DataSample().set_pred_score(torch.tensor([0.9, 0.2, 0.7, 0.8]))
    return sample.set_pred_label(torch.tensor([0, 2, 3])).set_gt_label([0, 1, 3])


def drawn(sample):
    return [(tag.text, tag.colour) for tag in predicted_tags(sample, CLASSES)]


def test_tags_are_sorted_by_score_and_marked(sample):
    assert drawn(sample) == [
        ('\u2713 ant 0.90', RIGHT.colour), ('\u2713 dog 0.80', RIGHT.colour),
        ('\u2717 cat 0.70', WRONG.colour), ('\u25cb bee 0.20', MISSED.colour),
    ]  # fmt: skip
    assert len({kind.mark for kind in (RIGHT, WRONG, MISSED, PREDICTED)}) == 4
    assert list(legend_of(sample)) == [RIGHT.colour, WRONG.colour, MISSED.colour]


def test_predictions_of_which_nothing_is_known_are_no_errors(sample):
    sample.set_gt_score(torch.tensor([1.0, 1.0, -1.0, 0.0]))
    assert [text[0] for text, _ in drawn(sample)] == ['\u2713', '\u2717', '\u2022', '\u25cb']
    assert legend_of(sample)[PREDICTED.colour] == '\u2022 predicted, label not known'
    sample.set_gt_score(torch.full((4,), -1.0))
    without = DataSample().set_pred_score(sample.pred_score).set_pred_label(sample.pred_label)
    for unlabelled in (sample, without):
        assert [text[0] for text, _ in drawn(unlabelled)] == ['\u2022'] * 3
        assert legend_of(unlabelled) == {PREDICTED.colour: '\u2022 predicted; no labels are known'}


def test_the_drawing_shows_image_and_tags(sample, tmp_path):
    visualizer = TagVisualizer()
    visualizer.dataset_meta = {'classes': CLASSES}
    red = np.zeros((40, 40, 3), np.uint8)
    red[..., 0] = 255
    shown = visualizer.visualize_cls(red, sample, out_file=str(tmp_path / 'x.png'))
    file = cv2.imread(str(tmp_path / 'x.png'))[..., ::-1]
    for image in (shown, file):
        assert (image == (255, 0, 0)).all(-1).mean() > 0.1
        for colour in (RIGHT.colour, WRONG.colour):
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
