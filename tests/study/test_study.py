import cv2
import pytest
from rich.console import Console

from mmpretrain_mlml.study import Run, draw, gap_closed, read_scores, summarise, table, train

SMALL = (
    'train_dataloader.dataset.size=64', 'val_dataloader.dataset.size=40',
    'test_dataloader.dataset.size=40', 'model.backbone.base_channels=2',
    'model.backbone.stem_channels=2', 'model.head.in_channels=16', 'train_cfg.max_epochs=2',
)  # fmt: skip


def rows(*values):
    return [{'multi-label/mAP': value, 'multi-label/OF1': value / 2} for value in values]


def test_the_share_of_the_gap_is_of_the_means_of_the_last_validations():
    low = summarise('low', [rows(0, 60), rows(99, 70)])
    high = summarise('high', [rows(0, 80), rows(0, 90)])
    half = summarise('half', [rows(75)])
    assert (low.mean('mAP'), high.mean('mAP')) == (65, 85)
    assert low.spread('OF1') == pytest.approx(12.5**0.5)
    assert half.spread('mAP') == 0
    assert gap_closed(low, high, half) == 50


def test_table_and_figure(tmp_path, capsys):
    outcomes = [summarise('one', [rows(50, 60)]), summarise('two', [rows(10, 70), rows(20, 72)])]
    Console(width=100).print(table(outcomes, {'two': 81.4}))
    text = capsys.readouterr().out
    assert '60.0' in text
    assert '71.0 ± 1.4' in text
    assert '81 %' in text
    draw(outcomes, 'a title', tmp_path / 'figure.png')
    picture = cv2.imread(str(tmp_path / 'figure.png'))
    assert picture.shape[0] > 300
    assert picture.std() > 10  # something is drawn


@pytest.mark.slow
def test_runs_train_side_by_side_and_a_failed_one_shows_its_log(tmp_path, capsys):
    good = [
        Run(name, 'digits_full_bce.py', name, (*SMALL, f'randomness.seed={seed}'))
        for seed, name in enumerate('ab')
    ]
    found = train(good, tmp_path, jobs=2)
    assert [len(scores) for scores in found.values()] == [2, 2]
    assert found['a'] != found['b']
    assert found['a'] == read_scores(tmp_path / 'a')
    bad = Run('c', 'digits_full_bce.py', 'c', (*SMALL, 'model.head.loss.reduction=avg'))
    with pytest.raises(RuntimeError, match=r"c failed:[\s\S]*unknown reduction 'avg'"):
        train([bad], tmp_path, jobs=1)
