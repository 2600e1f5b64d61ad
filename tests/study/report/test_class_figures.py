"""Gains of classes, drawn."""

from dataclasses import replace

import cv2
import numpy as np
from helpers.hostile_names import HOSTILE_NAMES
from helpers.study_runs import CLASSES

from mmpretrain_mlml.study.comparison.cells import group_runs
from mmpretrain_mlml.study.comparison.gains import compare
from mmpretrain_mlml.study.report.class_figures import draw_classes


def test_each_class_that_occurs_has_a_line_of_text(records, tmp_path):
    cells = compare(records, 'BCE', 'full', resamples=2)
    assert draw_classes(cells, 'a title', 'BCE', tmp_path / 'classes.png')
    picture = cv2.imread(str(tmp_path / 'classes.png'))
    assert picture.std() > 5
    assert picture.shape[0] > (CLASSES - 1) * 17


def test_without_a_reference_there_is_nothing_to_draw(records, tmp_path):
    assert not draw_classes(group_runs(records), 'a title', 'BCE', tmp_path / 'classes.png')
    assert not list(tmp_path.iterdir())


def test_names_are_data(records, tmp_path):
    names = np.array([HOSTILE_NAMES[n % len(HOSTILE_NAMES)] for n in range(CLASSES)])
    hostile = [
        replace(record, predictions=replace(record.predictions, classes=names))
        for record in records
    ]
    cells = compare(hostile, 'BCE', 'full', resamples=2)
    assert draw_classes(cells, '$a', 'BCE', tmp_path / 'classes.png')
    height, width = cv2.imread(str(tmp_path / 'classes.png')).shape[:2]
    draw_classes(compare(records, 'BCE', 'full', resamples=2), 'a', 'BCE', tmp_path / 'plain.png')
    assert (height, width) == cv2.imread(str(tmp_path / 'plain.png')).shape[:2]
