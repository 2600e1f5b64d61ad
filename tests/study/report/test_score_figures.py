"""Final scores, drawn."""

from dataclasses import replace

import cv2
import pytest
from helpers.study_runs import make_record

from mmpretrain_mlml.study.comparison.cells import group_runs
from mmpretrain_mlml.study.report.score_figures import draw_scores


def draw(tmp_path, rows, *args):
    draw_scores(rows, 'a title', tmp_path / 'scores.png', *args)
    return cv2.imread(str(tmp_path / 'scores.png'))


def test_every_setting_has_a_row_of_panels(tmp_path):
    cells = group_runs(
        [make_record(70), make_record(71, labels='single', published=(72, 'quoted'))]
    )
    one = draw(tmp_path, {'one': (cells, 'best')})
    two = draw(tmp_path, {'one': (cells, 'best'), 'two': (cells, 'last')})
    assert two.shape[0] > 1.4 * one.shape[0]
    assert two.shape[1] == one.shape[1]
    assert one.std() > 5
    without = group_runs([make_record(70), make_record(71, labels='single')])
    assert (draw(tmp_path, {'one': (without, 'best')}) != one).any()  # the cross of the paper


def test_an_interval_of_the_difference_is_drawn(tmp_path):
    cells = group_runs([make_record(70), make_record(75, loss='SPLC')])
    plain = draw(tmp_path, {'mAP': (cells, 'mAP')}, 'BCE', 'full')
    cells['SPLC', 'full'] = replace(cells['SPLC', 'full'], differences={'mAP': (5.0, 2.0, 9.0)})
    compared = draw(tmp_path, {'mAP': (cells, 'mAP')}, 'BCE', 'full')
    assert (plain != compared).any()


def test_nothing_to_draw_is_refused(tmp_path):
    with pytest.raises(ValueError, match='no complete run to draw'):
        draw(tmp_path, {})
