"""Curves over the epochs."""

import cv2
import pytest
from helpers.study_runs import make_record
from matplotlib.figure import Figure

from mmpretrain_mlml.study.comparison.cells import group_runs
from mmpretrain_mlml.study.report.epoch_figures import draw_curves, draw_recovery


@pytest.fixture
def drawn(monkeypatch):
    """The figures that were saved."""
    figures = []
    save = Figure.savefig

    def savefig(figure, *args, **kwargs):
        figures.append(figure)
        save(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, 'savefig', savefig)
    return figures


def test_each_list_has_a_row_with_the_reference_on_full_labels_in_black(drawn, tmp_path):
    cells = group_runs(
        [
            make_record(70, 80),
            make_record(60, 65, labels='0.4left'),
            make_record(60, 70, labels='0.4left', loss='SPLC'),
            make_record(60, 74, labels='0.4left', loss='SPLC', seed=1),
            make_record(50, 55, labels='single'),
        ]
    )
    names = {('BCE', 'full'): 'all'}
    assert draw_curves(cells, 'a title', 'BCE', 'full', tmp_path / 'curves.png', names)
    (figure,) = drawn
    assert len(figure.axes) == 4  # two lists, mAP and OF1
    lines = {line.get_label(): line for line in figure.axes[0].lines}
    assert list(lines) == ['all: 80.0', 'BCE, 0.4left: 65.0', 'SPLC, 0.4left: 72.0']
    assert lines['all: 80.0'].get_color() == 'black'
    assert lines['SPLC, 0.4left: 72.0'].get_ydata().tolist() == [60, 72]
    assert len(figure.axes[0].collections) == 1  # the range of the two seeds
    picture = cv2.imread(str(tmp_path / 'curves.png'))
    assert picture.shape[0] > 300
    assert picture.std() > 10


def test_without_two_validations_there_is_no_curve(tmp_path):
    cells = group_runs([make_record(70)])
    assert not draw_curves(cells, 'a title', 'BCE', 'full', tmp_path / 'curves.png')
    assert not draw_recovery([make_record(70)], 'a title', tmp_path / 'recovery.png')
    assert not list(tmp_path.iterdir())


def test_recovery_has_a_panel_for_each_rate_that_is_known(drawn, tmp_path):
    rows = [
        {'epoch': 1, 'share': 1.0},
        {'epoch': 2, 'share': 2.0, 'precision': 70.0, 'recall': 40.0},
    ]
    records = [make_record(1, recovery=rows), make_record(1, labels='single', recovery=rows[:1])]
    assert draw_recovery(records, 'a title', tmp_path / 'recovery.png')
    share, precision, recall = drawn[0].axes
    assert [line.get_xdata().tolist() for line in share.lines] == [[1, 2], [1]]
    assert [line.get_ydata().tolist() for line in precision.lines] == [[70], []]
    assert share.lines[0].get_linestyle() != share.lines[1].get_linestyle()
    assert recall.get_title() == 'recall'
