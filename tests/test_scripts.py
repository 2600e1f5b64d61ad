"""The scripts of benchmarks/ and experiments/: each starts, and those with data report it."""

import json
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
EXPERIMENTS, RESULTS = ROOT / 'experiments', ROOT / 'docs/results'
LIBRARIES = {'probe.py'}  # imported by scripts, not run
SCRIPTS = sorted(
    path
    for folder in ('benchmarks', 'experiments')
    for path in (ROOT / folder).glob('*.py')
    if path.name not in LIBRARIES
)


@pytest.fixture
def run_script(monkeypatch, capsys):
    """Run a script with arguments in this process; return what it printed."""

    def run(path, *arguments):
        monkeypatch.setattr(sys, 'argv', [str(path), *map(str, arguments)])
        monkeypatch.syspath_prepend(path.parent)  # as Python does for a script
        for name in LIBRARIES:
            monkeypatch.delitem(sys.modules, Path(name).stem, raising=False)
        runpy.run_path(str(path), run_name='__main__')
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize('path', SCRIPTS, ids=lambda path: path.stem)
def test_script_explains_itself(path, run_script, capsys):
    with pytest.raises(SystemExit) as stopped:
        run_script(path, '--help')
    assert stopped.value.code == 0
    first_line = path.read_text().split('"""')[1].splitlines()[0]
    assert first_line.split()[:4] == capsys.readouterr().out.partition('\n\n')[2].split()[:4]


def test_every_experiment_is_in_the_table_of_commands():
    table = (EXPERIMENTS / 'README.md').read_text()
    missing = [p.name for p in SCRIPTS if p.parent == EXPERIMENTS and f'{p.name}`' not in table]
    assert not missing


@pytest.mark.parametrize('name', ['safe_start', 'tuning'])
def test_figure_is_drawn_from_the_data_file(name, run_script, tmp_path):
    data, figure, copy = RESULTS / f'{name}.json', tmp_path / 'it.png', tmp_path / 'copy.json'
    text = run_script(EXPERIMENTS / f'{name}.py', '--data', data, '--figure', figure, '--out', copy)
    assert 'SPLC' in text
    assert json.loads(copy.read_text()) == json.loads(data.read_text())
    assert cv2.imread(str(figure)).std() > 5


def test_loss_scores_prints_the_tables_of_the_page(run_script):
    text = run_script(EXPERIMENTS / 'loss_scores.py', '--data', RESULTS / 'loss_scores.json')
    page = (ROOT / 'docs/losses.md').read_text()
    rows = [
        [cell.strip() for cell in line.strip('│').split('│')]
        for line in text.splitlines()
        if '±' in line
    ]
    assert len(rows) == 22
    missing = [row for row in rows if f'| {" | ".join(row)} |' not in page]
    assert not missing


@pytest.fixture
def thresholds():
    return runpy.run_path(str(EXPERIMENTS / 'thresholds.py'))


def test_best_threshold_is_the_score_below_the_last_entry_that_counts(thresholds):
    scores = np.array([[0.1, 0.2], [0.3, 0.4], [0.3, 0.05]])
    targets = np.array([[0, 1], [1, 1], [0, 0]])
    # above 0.1 are all three positives and one negative: F1 = 6 / 7; above 0.2 it is 4 / 6
    assert thresholds['best_threshold'](scores, targets) == pytest.approx(0.1)


def test_each_half_is_decided_by_the_threshold_of_the_other(thresholds):
    targets = (np.random.default_rng(3).random((40, 5)) < 0.3).astype(np.int8)
    first, second = np.array_split(np.random.default_rng(0).permutation(40), 2)
    scores = np.where(targets == 1, 0.6, 0.1)
    scores[second] = np.where(targets[second] == 1, 0.7, 0.2)
    decisions, chosen = thresholds['decide'](scores, targets)
    assert chosen == pytest.approx([0.2, 0.1])
    assert np.array_equal(decisions[first], targets[first])
    assert np.array_equal(decisions[second], np.ones_like(targets[second]))
