"""Cutout compared with its description: areas, positions, colours, frequency."""

import numpy as np
import pytest

from mmpretrain_mlml import RelativeCutout
from mmpretrain_mlml.runtime.random_state import seeded


def test_a_clipped_box_of_half_the_sides_has_one_colour():
    cutout, areas, colours, tops = RelativeCutout(0.5), [], [], []
    image = np.zeros((64, 96, 3), np.uint8)
    np.random.seed(0)
    for _ in range(3000):
        out = cutout({'img': image})['img']
        covered = (out != 0).any(-1)
        if not covered.any():  # black, once in 16 million
            continue
        rows, columns = np.flatnonzero(covered.any(1)), np.flatnonzero(covered.any(0))
        box = out[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        assert covered.sum() == len(rows) * len(columns) == box.shape[0] * box.shape[1]
        assert (box == box[0, 0]).all()
        areas.append(covered.mean())
        colours.append(box[0, 0])
        tops.append(rows[0])
    assert not image.any()
    # a centre uniform over the side leaves 7/16 of it covered on average, 1/4 at least, 1/2 at most
    assert np.mean(areas) == pytest.approx((7 / 16) ** 2, rel=0.02)
    assert min(areas) == pytest.approx(1 / 16, abs=0.02)
    assert max(areas) == 1 / 4
    assert np.mean(np.equal(areas, 1 / 4)) == pytest.approx(1 / 4, abs=0.04)
    assert np.mean(np.equal(tops, 0)) == pytest.approx(17 / 64, abs=0.03)  # clipped, not shifted
    assert np.mean(colours, 0) == pytest.approx([127.5] * 3, rel=0.05)
    assert np.corrcoef(np.array(colours, float).T)[0, 1] == pytest.approx(0, abs=0.06)


def test_probability_and_ranges():
    np.random.seed(0)
    image = np.zeros((8, 8), np.uint8)
    rare = RelativeCutout(0.5, prob=0.25)
    hits = sum(rare.draw(image.shape) is not None for _ in range(4000))
    assert hits == pytest.approx(1000, rel=0.1)
    for wrong in ({'size': 0}, {'size': 1.5}, {'prob': -0.1}):
        with pytest.raises(ValueError, match='expected size in'):
            RelativeCutout(**wrong)


def test_the_array_is_changed_on_request_only():
    image = np.zeros((20, 30, 3), np.uint8)
    frozen = image.copy()
    frozen.flags.writeable = False
    with seeded(1):
        copied = RelativeCutout()({'img': image})['img']
    assert not image.any()
    with seeded(1):
        assert np.array_equal(RelativeCutout(in_place=True)({'img': frozen})['img'], copied)
    with seeded(1):
        assert RelativeCutout(in_place=True)({'img': image})['img'] is image
    assert np.array_equal(image, copied)
