"""Curves of recovered labels."""

import pytest
from PIL import Image

from mmpretrain_mlml.visualization.recovery_curves import draw_recovery

SHARE = {'epoch': 1, 'entries': 3, 'share': 1.5}


@pytest.mark.parametrize(('rates', 'panels'), [
    ({}, 1), ({'precision': 80.0, 'recall': 20.0}, 2),
    ({'precision': 0.0}, 2),  # trained on full labels: nothing is missing
    ({'recall': 0.0}, 2),  # nothing recovered
])  # fmt: skip
def test_panels_for_the_known_rates(rates, panels, tmp_path):
    draw_recovery([SHARE, {**SHARE, **rates, 'epoch': 2}], 'a run', tmp_path / 'it.png')
    with Image.open(tmp_path / 'it.png') as picture:
        assert round(picture.width / picture.height, 1) == {1: 1.2, 2: 2.5}[panels]
        assert len(picture.convert('RGB').getcolors(1 << 20)) > 20
