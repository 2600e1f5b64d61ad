"""Bars of thousands of classes are drawn in seconds, as one outline."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from mmpretrain_mlml.visualization.bars import MOST, draw_bars


@pytest.mark.parametrize(('number', 'patches', 'outlines'), [(MOST, MOST, 0), (20 * MOST, 0, 1)])
def test_few_bars_are_bars_and_many_an_outline(number, patches, outlines):
    axes = Figure().subplots()
    heights = np.arange(number) + 1.0
    draw_bars(axes, heights, bottom=np.full(number, 5.0), color='tab:blue', label='present')
    assert (len(axes.patches), len(axes.collections)) == (patches, outlines)
    assert axes.dataLim.ymax == number + 5
    assert axes.get_legend_handles_labels()[1] == ['present']
