"""The paper's table in Markdown."""

import pytest
from helpers.study_runs import write_runs_of_the_paper
from helpers.work_dirs import write_run

from mmpretrain_mlml.study import find_runs, read_run
from mmpretrain_mlml.study.report.markdown import paper_markdown


@pytest.fixture
def runs(tmp_path):
    return write_runs_of_the_paper(tmp_path)


def read_all(folder):
    return [read_run(run) for run in find_runs([folder])]


def test_the_last_epoch_instead_of_the_best(runs):
    text = paper_markdown(read_all(runs), 'last')
    assert '| SPLC | 70.00 ± 0.00 (n = 2) |' in text
    assert '| Hill | 50.00 (n = 1) |' in text


def test_a_run_counts_once(runs):
    write_run(runs / 'again', [60] * 31, **{'randomness.seed': 1})
    with pytest.raises(ValueError, match=r'are the same run: SPLC, 0\.4left, seed 1'):
        paper_markdown(read_all(runs))


def test_runs_that_differ_in_more_than_loss_labels_and_seed_share_no_table(tmp_path):
    write_run(tmp_path / 'paper', [70] * 31)
    write_run(tmp_path / 'few', [40] * 31, **{'train_dataloader.dataset.indices': 300})
    write_run(tmp_path / 'tau', [50] * 31, **{'model.head.loss.tau': 0.9})
    write_run(tmp_path / 'half', [71] * 31, name='coco_0.4left_splc_fp16.py')
    write_run(tmp_path / 'bf16', [72] * 31, name='coco_0.4left_splc_bf16.py')
    write_run(tmp_path / 'three quarters', [73] * 31, name='coco_0.75left_splc.py')
    text = paper_markdown(read_all(tmp_path))
    tables = {part.splitlines()[0]: part for part in text.split('### ')[1:]}
    assert len(tables) == 4
    assert text.count('in the paper |') == 3
    for value, paper in ((70, 1), (40, 0), (71, 1), (72, 0)):
        (found,) = (part for part in tables.values() if f'{value}.00 (n = 1)' in part)
        assert ('75.69 (quoted)' in found) == paper, value
    full, few = (
        next(name for name, part in tables.items() if f'{value}.00' in part) for value in (70, 40)
    )
    assert 'recipe' in full
    assert full.partition(', recipe')[0] == few.partition(', recipe')[0]
    assert '| SPLC(tau=0.9) | ' in tables[full]
    assert '| SPLC(tau=0.65) in the paper | 78.44 (recalled) |  |' in tables[full]
