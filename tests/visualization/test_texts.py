"""Names in figures are drawn as they are."""

import numpy as np
import pytest
from helpers.hostile_names import HOSTILE_NAMES, assert_harmless
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from mmpretrain_mlml.visualization import Tag, draw_pictures
from mmpretrain_mlml.visualization.texts import plain


@pytest.mark.parametrize('name', ['$x$', r'$\frac{1$', r'\$5', '$', 'a$b$c', '[/]', r'\alpha'])
def test_a_text_is_no_formula(name):
    text = Figure().text(0, 0, plain(name))
    assert text._preprocess_math(text.get_text()) == (name, False)


def test_pictures_with_any_names_are_drawn():
    picture = np.zeros((40, 40, 3), np.uint8)
    tags = [Tag(f'{name} 0.50', 'k') for name in HOSTILE_NAMES]
    pictures = [
        (picture, name, tags[start : start + 12]) for start in (0, 12) for name in HOSTILE_NAMES
    ]
    figure = draw_pictures(pictures, 5, {'k': 'x'})
    FigureCanvasAgg(figure).draw()
    for axes in figure.axes[::2]:
        assert axes.get_window_extent().width > 100  # long names leave the image its room
    for axes in figure.axes:
        for text in (axes.get_title('left'), *(tag.get_text() for tag in axes.texts)):
            assert_harmless(text)
