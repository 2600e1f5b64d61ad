"""tools/study.py as a person uses it: stopped, resumed, with a run that fails, and changed."""

import json
import os
import runpy
import signal
import subprocess
import sys
import time

import pytest
from helpers import ROOT
from mmengine.logging import MMLogger

from mmpretrain_mlml.evaluation import Predictions, multi_label_scores

STUDY = """
base = 'digits_full_bce.py'
losses = {
    'BCE': dict(type='mmpretrain_mlml.BCE'),
    'Hill': dict(type='mmpretrain_mlml.Hill'),
    # a table of three samples: the run fails
    'ROLE': dict(type='mmpretrain_mlml.ROLE', num_samples=3, num_classes=10, expected_positives=2),
}
labels = {'0.4left': dict(protocol='0.4left')}
seeds = [0]
options = dict(
    model=dict(backbone=dict(stem_channels=2, base_channels=2), head=dict(in_channels=16)),
    train_dataloader=dict(dataset=dict(size=1600)),
    val_dataloader=dict(dataset=dict(size=40)),
    default_hooks=dict(logger=dict(interval=1)),
)
"""


@pytest.fixture
def run_here(monkeypatch, capsys):
    """Runs a tool without a process of its own, where starting one would take most of the time."""

    def run(_, tool, *options, expect=0) -> str:
        monkeypatch.setattr(sys, 'argv', [tool, *map(str, options)])
        monkeypatch.chdir(ROOT)
        code = None
        try:
            runpy.run_path(str(ROOT / tool), run_name='__main__')
        except SystemExit as end:
            code = end.code
        assert (code is None) == (expect == 0)
        return capsys.readouterr().out + str(code)

    logger = MMLogger.get_current_instance()
    level = logger.level
    yield run
    logger.setLevel(level)


def test_listing_runs_does_not_log_the_variables_of_each(run_tool, tmp_path):
    command = 'python', 'tools/study.py', 'configs/studies/photos_small.py', '--dry-run'
    output = run_tool(*command, PHOTOS_ROOT=str(tmp_path))
    assert '18 runs into work_dirs/photos_small:\nfull_BCE_seed0\nfull_Hill_seed0\n' in output
    assert 'PHOTOS_ROOT' not in output


@pytest.mark.slow
def test_a_study_from_its_start_through_a_stop_to_its_report(tmp_path, run_tool, run_here):
    file, work_dir = tmp_path / 'small.py', tmp_path / 'out'
    file.write_text(STUDY)
    command = ['python', 'tools/study.py', file, '--work-dir', work_dir]
    assert '3 runs into' in run_here(*command, '--dry-run')
    assert not work_dir.exists()

    first = work_dir / '0.4left_BCE_seed0'
    with (tmp_path / 'log').open('w') as log:
        study = subprocess.Popen(
            [sys.executable, *map(str, command[1:])], cwd=ROOT, stdout=log, stderr=log,
            env={**os.environ, 'PYTHONPATH': str(ROOT)},
        )  # fmt: skip
    wait_for(lambda: (first / 'epoch_1.pth').is_file(), study)
    study.send_signal(signal.SIGTERM)
    assert study.wait(300) != 0
    assert 'stopped; the same command resumes' in (tmp_path / 'log').read_text()
    assert not (first / 'epoch_3.pth').exists()
    assert 'asked to stop: saving interrupted.pth' in (first / 'out.log').read_text()

    output = run_tool(*command, '--jobs', '2', expect=1)
    assert 'resumed epoch' in (first / 'out.log').read_text()
    assert f'0.4left_ROLE_seed0 failed: see {work_dir}/0.4left_ROLE_seed0/out.log' in output
    assert '**Partial: 2 of 3 runs.**' in output
    assert '- 0.4left_ROLE_seed0: begun, nothing validated yet' in output
    assert '| Hill - BCE |' in output
    results = json.loads((work_dir / 'report/results.json').read_text())
    run = results['runs'][0]
    assert [row['step'] for row in run['scores']] == [1, 2, 3]
    assert (run['config'], run['options']['randomness']) == ('digits_full_bce.py', {'seed': 0})
    assert run['versions']['torch']
    assert run['seconds'] > 0
    predictions = Predictions.load(first / 'predictions.npz')
    summary = multi_label_scores(predictions.scores, predictions.targets).summary
    assert summary['mAP'] == pytest.approx(run['scores'][-1]['multi-label/mAP'])
    assert predictions.names.tolist() == [str(n) for n in range(40)]

    (first / 'predictions.npz').unlink()  # and made again from the checkpoint
    out = f'test_evaluator.out={first}/predictions.npz'
    run_tool('python', 'tools/test.py', first / 'config/0.4left_BCE_seed0.py', first / 'epoch_3.pth',
             '--work-dir', tmp_path / 'test', '--cfg-options', out)  # fmt: skip
    again = Predictions.load(first / 'predictions.npz')
    assert (again.targets == predictions.targets).all()
    assert again.scores == pytest.approx(predictions.scores, abs=1e-6)

    before = (first / 'out.log').read_bytes()
    output = run_here(*command, '--only', '*_BCE_*', '*_Hill_*')
    assert '2 of 2 runs were finished before' in output
    assert '**Partial: 2 of 3 runs.**' in output
    file.write_text(STUDY.replace('size=1600', 'size=1500'))
    output = run_here(*command, expect=1)
    assert 'another config: 0.4left_BCE_seed0, 0.4left_Hill_seed0' in output
    output = run_here(*command, '--report', expect=1)
    assert 'its folder holds a run of another config' in output
    assert (first / 'out.log').read_bytes() == before
    assert 'size=1600' in (first / 'config/0.4left_BCE_seed0.py').read_text()


def wait_for(condition, process, seconds=400):
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
