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
    assert 'recovery' not in text
    draw(outcomes, 'a title', tmp_path / 'figure.png')
    picture = cv2.imread(str(tmp_path / 'figure.png'))
    assert picture.shape[0] > 300
    assert picture.std() > 10  # something is drawn


def test_the_table_tells_what_was_recovered_in_the_last_epoch(capsys):
    counted = [{'share': 1.0, 'precision': 90.0}, {'share': 2.0, 'precision': 80.4, 'recall': 31.6}]
    outcomes = [
        summarise('BCE', [rows(50)], [[]]),
        summarise('SPLC', [rows(60), rows(70)], [counted, counted]),
        summarise('full', [rows(80)], [counted[:1]]),  # no label is missing: no recall
    ]
    assert outcomes[0].recovered == {}
    assert outcomes[1].recovered == {'precision': [80.4, 80.4], 'recall': [31.6, 31.6]}
    assert outcomes[2].recovered == {'precision': [90.0]}
    Console(width=120).print(table(outcomes, {}))
    lines = capsys.readouterr().out.splitlines()
    assert 'recovery precision' in lines[1]
    cells = {line.split()[1]: line.replace('│', ' ').split()[-4:] for line in lines if '│' in line}
    assert cells['SPLC'] == ['80', '%', '32', '%']
    assert cells['full'][-2:] == ['90', '%']
    assert '%' not in cells['BCE']


@pytest.mark.slow
def test_runs_train_side_by_side_and_a_failed_one_shows_its_log(tmp_path, capsys):
    good = [
        Run(name, 'digits_full_bce.py', name, (*SMALL, f'randomness.seed={seed}'))
        for seed, name in enumerate('ab')
    ]
    train(good, tmp_path, jobs=2)
    first, second = (read_scores(tmp_path / run.name) for run in good)
    assert len(first) == len(second) == 2
    assert first != second
    bad = Run('c', 'digits_full_bce.py', 'c', (*SMALL, 'model.head.loss.reduction=avg'))
    with pytest.raises(RuntimeError, match=r"c failed:[\s\S]*unknown reduction 'avg'"):
        train([bad], tmp_path, jobs=1)
