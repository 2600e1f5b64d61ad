"""The scripts of benchmarks/ and experiments/: each starts, and those with data report it."""

import importlib
import inspect
import json
import pickle
import runpy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from helpers import ROOT
from helpers.work_dirs import write_run

from mmpretrain_mlml import BCE, SPLC, study
from mmpretrain_mlml.evaluation import Predictions, multi_label_scores
from mmpretrain_mlml.study.records import read_record
from mmpretrain_mlml.study.report import write_report

EXPERIMENTS, RESULTS = ROOT / 'experiments', ROOT / 'docs/results'
LIBRARIES = {
    'comparisons.py',
    'gpu_session.py',
    'gpu_study.py',
    'probe.py',
}  # imported by scripts, not run
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


def test_recovery_prints_what_the_hook_adds(run_script, monkeypatch):
    monkeypatch.setattr(torch, 'set_num_threads', lambda _: None)
    text = run_script(ROOT / 'benchmarks/recovery.py', '--pairs', 2)
    rows = [line.strip('│').split('│') for line in text.splitlines() if '%' in line]
    assert [row[0].strip() for row in rows] == [
        'digits step, 64 images', 'digits step, the hook alone', 'SPLC at (128, 80)',
    ]  # fmt: skip
    assert float(rows[1][2]) > 0


def test_label_list_compares_with_plain_parsing(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(ROOT / 'benchmarks')
    functions = runpy.run_path(str(ROOT / 'benchmarks/label_list.py'))
    labels = tmp_path / 'list.txt'
    labels.write_text('a.jpg,0\nb.jpg, 3 79\n')
    pickled, sizes = functions['load_unchecked'](labels)
    assert pickle.loads(pickled[sizes[0] :]) == {'img_path': 'train2014/b.jpg', 'gt_label': [3, 79]}
    assert functions['compare'](labels, 1)['ratio'] > 0


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


@pytest.fixture
def small_photos(monkeypatch):
    """40 photographs of 5 classes, whose features are their labels beside noise."""
    monkeypatch.syspath_prepend(EXPERIMENTS)
    probe = importlib.import_module('probe')
    random = torch.Generator().manual_seed(0)
    labels = (torch.rand(40, 5, generator=random) < 0.4).float()
    features = labels + 0.1 * torch.rand(40, 5, generator=random)
    some = labels * (torch.rand(40, 5, generator=random) < 0.6)
    lists = {'full': labels, '0.4left': some, 'single': some}
    photos = probe.Photos(features, features, lists, labels.numpy().astype(np.int8))
    monkeypatch.setattr(probe, 'read_photos', lambda: photos)
    monkeypatch.setattr(probe, 'log_errors_only', lambda: None)  # lasts as long as the process
    monkeypatch.setattr(torch, 'set_num_threads', lambda _: None)
    return photos


def test_classifier_learns_what_its_features_say(small_photos):
    probe = importlib.import_module('probe')
    labels = small_photos.labels['full']
    run = probe.train(small_photos, labels, BCE(), lr=0.5, epochs=60)
    assert (run.mAP, run.OF1) == (pytest.approx(100), pytest.approx(100))
    assert len(run.above) == 60
    assert run.above[-1] == 0
    inverted = probe.train(small_photos, 1 - labels, BCE(), lr=0.5, epochs=60)
    assert inverted.mAP < 60


def test_collapse_of_the_classifier_is_noticed(small_photos):
    probe = importlib.import_module('probe')
    few = torch.zeros(40, 5)
    few[:5, :3] = 1
    run = probe.train(small_photos, few, SPLC(), bias=3.0, lr=1e-4, epochs=3)
    assert run.warned
    assert run.above == [100, 100, 100]


@pytest.fixture
def one_epoch(small_photos, monkeypatch):
    """Scripts train for one epoch on the small photographs."""
    probe = importlib.import_module('probe')
    train = probe.train
    monkeypatch.setattr(probe, 'train', lambda *args, **how: train(*args, **how | {'epochs': 1}))


@pytest.mark.usefixtures('one_epoch')
def test_safe_start_trains_every_setting(run_script, tmp_path):
    run_script(EXPERIMENTS / 'safe_start.py', '--out', tmp_path / 'it.json')
    rows, kept = (
        [(row['setting'], row['loss'], set(row)) for row in json.loads(path.read_text())]
        for path in (tmp_path / 'it.json', RESULTS / 'safe_start.json')
    )
    assert rows == kept


def test_the_training_loop_is_measured_beside_a_plain_one(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(ROOT / 'benchmarks')
    script = importlib.import_module('training_loop')
    monkeypatch.setattr(script, 'SIDE', 32)
    script.draw_images(tmp_path)
    cfg = script.run_config(tmp_path, 'MobileNetV2', 'SPLC', amp=False)
    ratios = script.measure(cfg, block=2, steps=12)
    assert len(ratios) == 12 // 2 - script.WARM_UP
    assert min(ratios) > 0


def test_what_config_options_bring_is_measured(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / 'benchmarks')
    script = importlib.import_module('training_loop')
    monkeypatch.setattr(script, 'SIDE', 32)
    monkeypatch.delitem(script.OPTIONS, 'torch.compile')  # takes minutes
    speeds = script.measure_options('MobileNetV2', steps=2)
    assert {name: len(values) for name, values in speeds.items()} == {
        'bfloat16': 2, 'channels last': 2, 'bfloat16, channels last': 2,
    }  # fmt: skip


@pytest.mark.usefixtures('small_photos')
def test_wrong_flips_reports_what_a_watch_could_see(run_script, tmp_path):
    options = '--runs', 2, '--out', tmp_path / 'it.json'
    run_script(EXPERIMENTS / 'wrong_flips.py', 'photos', *options)
    rows, kept = (
        json.loads(path.read_text())
        for path in (tmp_path / 'it.json', RESULTS / 'wrong_flips.json')
    )
    assert [set(row) for row in rows] == [set(row) for row in kept[:2]]
    assert [row['setting'] for row in rows] == [row['setting'] for row in kept[:2]]


@pytest.mark.usefixtures('small_photos')
def test_wrong_flips_of_digits_trains_their_network(monkeypatch):
    script = importlib.import_module('wrong_flips')
    monkeypatch.setitem(
        script.SETTINGS, 'digits', ({40: 1}, ['0.4left'], [1e-3], ['log-odds'], [0])
    )
    monkeypatch.setattr(script, 'TEST_SCENES', 100)
    (row,) = script.run_all('digits', None)
    kept = json.loads((RESULTS / 'wrong_flips.json').read_text())
    assert set(row) == set(kept[0])
    assert 10 < row['SPLC'] < 100


@pytest.mark.usefixtures('one_epoch')
def test_tuning_trains_every_setting(run_script, tmp_path):
    run_script(EXPERIMENTS / 'tuning.py', '--out', tmp_path / 'it.json')
    points, kept = (
        {
            (parameter, loss): [set(point) for point in curve]
            for parameter, by_loss in json.loads(path.read_text()).items()
            for loss, curve in by_loss.items()
        }
        for path in (tmp_path / 'it.json', RESULTS / 'tuning.json')
    )
    assert points == kept


def test_loss_scores_trains_every_loss_with_every_seed(run_script, monkeypatch, tmp_path):
    planned = []
    signature = inspect.signature(study.train)

    def plan(*args, **kwargs):
        planned.extend(signature.bind(*args, **kwargs).arguments['runs'])

    row = {f'multi-label/{score}': 50.00049 for score in ('mAP', 'CF1', 'OF1')}
    monkeypatch.setattr(study, 'train', plan)
    monkeypatch.setattr(study, 'read_scores', lambda folder: [{}, row])
    out = tmp_path / 'it.json'
    run_script(
        EXPERIMENTS / 'loss_scores.py', '--seeds', 3, 4, '--work-dir', tmp_path, '--out', out
    )
    assert len({run.name for run in planned}) == 44
    for run in planned:
        assert Path(run.command(tmp_path, resume=False)[2]).is_file()
        assert f'randomness.seed={run.name[-1]}' in run.options
    data, kept = (json.loads(path.read_text()) for path in (out, RESULTS / 'loss_scores.json'))
    assert data['seeds'] == [3, 4]
    assert list(data['runs']) == list(kept['runs'])
    assert data['runs']['Hill'] == {score: [50.0, 50.0] for score in kept['runs']['Hill']}


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


def test_data_file_of_a_study(run_script, tmp_path):
    work_dir = tmp_path / 'some'
    random = np.random.default_rng(5)
    targets = (random.random((60, 80)) < 0.2).astype(np.int8)
    names, classes = np.arange(60).astype(str), np.arange(80).astype(str)
    for loss, skill in (('bce', 0.1), ('splc', 0.3)):
        folder = work_dir / f'0.4left_{loss}'
        scores = (skill * targets + 0.3 * random.random((60, 80))).astype(np.float32)
        summary = multi_label_scores(scores, targets).summary
        row = {f'multi-label/{key}': value for key, value in summary.items()}
        write_run(folder, [row], name=f'coco_0.4left_{loss}.py', **{'train_cfg.max_epochs': 1})
        Predictions(scores, targets, names, classes).save(folder / 'predictions.npz')
        (folder / 'run.json').write_text(json.dumps({'finished': True}))
    (work_dir / 'unfinished').mkdir()
    (work_dir / 'unfinished/run.json').write_text(json.dumps({'finished': False}))
    records = [read_record(work_dir / f'0.4left_{loss}') for loss in ('bce', 'splc')]
    write_report(records, work_dir / 'report', 'some')
    run_script(EXPERIMENTS / 'thresholds.py', work_dir, '--out', tmp_path / 'it.json')
    data, kept = (
        json.loads(path.read_text()) for path in (tmp_path / 'it.json', RESULTS / 'photos.json')
    )
    assert data.keys() == kept.keys()
    for part in ('table', 'runs', 'thresholds'):
        assert [row.keys() for row in data[part]] == 2 * [kept[part][0].keys()]
    assert [row['run'] for row in data['thresholds']] == ['0.4left_bce', '0.4left_splc']
    bce, splc = data['thresholds']
    assert bce['OF1'] == 0 < bce['OF1 tuned'] < splc['OF1 tuned']


def test_study_without_finished_runs_is_refused(run_script, tmp_path):
    with pytest.raises(SystemExit, match=r'expected finished runs of a study in .*, got none'):
        run_script(EXPERIMENTS / 'thresholds.py', tmp_path)


def test_each_half_is_decided_by_the_threshold_of_the_other(thresholds):
    targets = (np.random.default_rng(3).random((40, 5)) < 0.3).astype(np.int8)
    first, second = np.array_split(np.random.default_rng(0).permutation(40), 2)
    scores = np.where(targets == 1, 0.6, 0.1)
    scores[second] = np.where(targets[second] == 1, 0.7, 0.2)
    decisions, chosen = thresholds['decide'](scores, targets)
    assert chosen == pytest.approx([0.2, 0.1])
    assert np.array_equal(decisions[first], targets[first])
    assert np.array_equal(decisions[second], np.ones_like(targets[second]))
