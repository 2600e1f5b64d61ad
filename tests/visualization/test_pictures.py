"""What is drawn: the right colours, every tag, kept and dropped labels."""

import cv2
import numpy as np
import pytest
import torch
from helpers.support import make_runner
from matplotlib.colors import to_rgb as colour_of
from mmpretrain.structures import DataSample

from mmpretrain_mlml import DigitScenes, TagVisualizer
from mmpretrain_mlml.visualization import Tag, contact_sheet, draw_pictures, to_rgb
from mmpretrain_mlml.visualization.contact_sheet import DROPPED, KEPT
from mmpretrain_mlml.visualization.tag_visualizer import MISSED, RIGHT, WRONG


def texts(figure):
    return [(t.get_text(), t.get_color()) for axes in figure.axes for t in axes.texts]


def test_to_rgb():
    image = torch.zeros(3, 4, 5)
    image[0] = 200
    assert to_rgb(image, bgr=True)[0, 0].tolist() == [0, 0, 200]
    assert to_rgb(image, bgr=False)[0, 0].tolist() == [200, 0, 0]
    assert to_rgb(image[:1], bgr=False)[0, 0].tolist() == [200, 200, 200]
    with pytest.raises(ValueError, match=r'\(1 or 3, H, W\), got \(2, 4, 5\)'):
        to_rgb(image[:2], bgr=False)


def test_tags_that_do_not_fit_are_counted():
    picture = np.zeros((4, 4, 3), np.uint8)
    figure = draw_pictures([(picture, 'x', [Tag(str(i), 'k') for i in range(15)])], 4, {})
    shown = [text for text, _ in texts(figure)]
    assert shown == [*map(str, range(11)), 'and 4 more']
    with pytest.raises(ValueError, match='images to draw'):
        draw_pictures([], 4, {})


def test_the_contact_sheet_shows_kept_and_dropped_labels():
    pipeline = [{'type': 'mmpretrain_mlml.RelativeCutout'}, {'type': 'PackInputs'}]
    dataset = DigitScenes(
        split='train', size=40, protocol='single', pipeline=pipeline, indices=[30, 7, 5]
    )
    complete = DigitScenes(split='train', size=40, protocol='full', indices=[30, 7, 5])
    figure = contact_sheet(dataset, [0, 2], bgr=False)
    kept = [text for text, colour in texts(figure) if colour == KEPT]
    every = [text for text, _ in texts(figure)]
    assert kept == [str(dataset.get_data_info(i)['gt_label'][0]) for i in (0, 2)]
    truth = [complete.get_data_info(i)['gt_label'] for i in (0, 2)]
    assert sorted(every) == sorted(str(label) for labels in truth for label in labels)
    assert any(colour == DROPPED for _, colour in texts(figure))
    with pytest.raises(IndexError, match='no sample 3 in a data set of 3'):
        contact_sheet(dataset, [3], bgr=False)


@pytest.mark.parametrize('indices', [None, 3, -3, [5, 1]])
def test_complete_labels_follow_the_subset(indices):
    some = DigitScenes(split='train', size=9, protocol='single', indices=indices)
    every = DigitScenes(split='train', size=9, indices=indices)
    found = some.complete_labels().labels
    assert found == [every.get_data_info(i)['gt_label'] for i in range(len(every))]


def test_all_predicted_tags_are_drawn_by_their_score(tmp_path):
    sample = DataSample().set_pred_score(torch.tensor([0.9, 0.2, 0.7, 0.8]))
    sample.set_pred_label(torch.tensor([0, 2, 3])).set_gt_label([0, 1, 3])
    from mmpretrain_mlml.visualization import tag_visualizer

    tags = tag_visualizer._tags(sample, ['ant', 'bee', 'cat', 'dog'])
    assert tags == [
        ('ant 0.90', RIGHT), ('dog 0.80', RIGHT), ('cat 0.70', WRONG), ('bee 0.20', MISSED),
    ]  # fmt: skip
    visualizer = TagVisualizer()
    visualizer.dataset_meta = {'classes': ['ant', 'bee', 'cat', 'dog']}
    red = np.zeros((40, 40, 3), np.uint8)
    red[..., 0] = 255
    drawn = visualizer.visualize_cls(red, sample, out_file=str(tmp_path / 'x.png'))
    file = cv2.imread(str(tmp_path / 'x.png'))[..., ::-1]
    for image in (drawn, file):
        assert (image == (255, 0, 0)).all(-1).mean() > 0.1
        for colour in (RIGHT, WRONG):
            distance = np.abs(image - 255 * np.array(colour_of(colour))).max(-1)
            assert (distance < 12).sum() > 10


def test_show_dir_draws_loaded_images_in_their_colours(tmp_path):
    """A runner on images as MMCV loads them, blue first."""
    runner = make_runner(
        tmp_path,
        default_hooks={
            'visualization': {'enable': True, 'interval': 1, 'out_dir': str(tmp_path / 'shown')}
        },
    )
    hook = next(hook for hook in runner.hooks if hasattr(hook, 'draw_args'))
    blue_first = torch.zeros(3, 20, 20, dtype=torch.uint8)
    blue_first[2] = 255  # red
    sample = DataSample(metainfo={'img_path': 'a/b.jpg'}).set_pred_score(torch.tensor([0.9] * 10))
    sample.set_pred_label(torch.arange(10)).set_gt_label([1])
    runner.model.data_preprocessor._channel_conversion = True
    hook.before_test(runner)
    hook.after_test_iter(runner, 0, {'inputs': [blue_first]}, [sample])
    (file,) = (tmp_path / 'shown').glob('*.png')
    image = cv2.imread(str(file))[..., ::-1]
    assert (image == (255, 0, 0)).all(-1).mean() > 0.1
