"""Figures of images with tags."""

import numpy as np
import pytest
import torch

from mmpretrain_mlml.visualization import Tag, draw_pictures, to_rgb


def test_packed_images_become_rgb():
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
    shown = [tag.get_text() for axes in figure.axes for tag in axes.texts]
    assert shown == [*map(str, range(11)), 'and 4 more']
    with pytest.raises(ValueError, match='images to draw'):
        draw_pictures([], 4, {})
