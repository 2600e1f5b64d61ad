"""Loss and gradient over the logit, compared with the formulas."""

import cv2
import pytest
import torch

from mmpretrain_mlml import BCE, SPLC, Hill
from mmpretrain_mlml.visualization.loss_curves import draw_losses, loss_curve, parse_loss

X = torch.linspace(-5, 5, 41, dtype=torch.float64)


def test_curves_are_those_of_the_formulas():
    p = X.sigmoid()
    hill = loss_curve(Hill(), X, 0.0)
    torch.testing.assert_close(hill.value, (1.5 - p) * p**2)
    torch.testing.assert_close(hill.gradient, 3 * p**2 * (1 - p) ** 2)
    torch.testing.assert_close(loss_curve(BCE(), X, 1.0).gradient, p - 1)
    loss = SPLC()
    loss.set_epoch(1)
    turned = loss_curve(loss, X, 0.0).gradient
    assert (turned[p > 0.6] < 0).all()
    assert (turned[p <= 0.6] > 0).all()


def test_a_call_becomes_a_config():
    assert parse_loss(' Hill ') == {'type': 'mmpretrain_mlml.Hill'}
    expected = {'type': 'mmpretrain.FocalLoss', 'gamma': 1.5}
    assert parse_loss('mmpretrain.FocalLoss(gamma=1.5)') == expected
    for wrong in ('SPLC(0.7)', 'SPLC(', 'SPLC(tau=os.getcwd())', 'SPLC(**x)'):
        with pytest.raises(ValueError, match='expected a loss such as'):
            parse_loss(wrong)


def test_each_panel_has_a_line_for_each_loss():
    figure = draw_losses({name: parse_loss(name) for name in ('BCE', 'Hill', 'SPLC(tau=0.9)')})
    assert [len(panel.lines) for panel in figure.axes] == [4] * 4  # and one at 0
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()][
        -1
    ] == 'SPLC(tau=0.9)'
    (line,) = (line for line in figure.axes[3].lines if line.get_label() == 'SPLC(tau=0.9)')
    x, y = (torch.as_tensor(values) for values in line.get_data())
    assert (y[x.sigmoid() > 0.9] < 0).all()


def test_the_tool_draws_png_and_svg(run_tool, tmp_path):
    plot = ('python', 'tools/plot_losses.py')
    run_tool(*plot, 'Hill', 'mmpretrain.AsymmetricLoss', '--out', tmp_path / 'a/x.png')
    assert cv2.imread(str(tmp_path / 'a/x.png')).std() > 5
    run_tool(*plot, '--out', tmp_path / 'x.svg')
    assert '<svg' in (tmp_path / 'x.svg').read_text()
    assert 'expected a loss such as' in run_tool(*plot, 'SPLC(1)', expect=1)


def test_losses_of_the_whole_batch_have_no_curve():
    with pytest.raises(ValueError, match='depends on the whole batch'):
        draw_losses({'two-way': parse_loss('TwoWay')})
