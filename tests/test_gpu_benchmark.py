"""benchmarks/gpu.py: parts follow each other whatever happens, and what they find is kept."""

import importlib
import json
import time

import pytest
import torch
from helpers import ROOT

from mmpretrain_mlml.labels import read_label_list


@pytest.fixture
def script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / 'benchmarks')
    return importlib.import_module


@pytest.fixture
def run_parts(script, monkeypatch, tmp_path):
    """Run some functions as the parts of the command; return its exit code and its results."""
    gpu = script('gpu')

    def run(*options, **parts):
        limits = {name: (part, 60.0) for name, part in parts.items()}
        monkeypatch.setattr(gpu, 'PARTS', limits)
        out = tmp_path / 'gpu.json'
        arguments = ['gpu.py', '--device', 'cpu', '--out', out, *options]
        monkeypatch.setattr('sys.argv', [str(argument) for argument in arguments])
        code = 0
        try:
            gpu.main()
        except SystemExit as end:
            code = end.code
        return code, json.loads(out.read_text())

    return run


def test_a_part_that_fails_is_reported_and_the_next_one_runs(script, run_parts, capsys):
    def broken(session, seconds):
        raise script('gpu').PartFailed('no such kernel', {'half': 1.0})

    code, report = run_parts(broken=broken, good=lambda session, seconds: {'ratio': 0.98765})
    assert 'broken failed' in code
    assert report['parts'] == {'broken': {'half': 1.0}, 'good': {'ratio': 0.98765}}
    assert report['failed'] == {'broken': 'PartFailed: no such kernel'}
    printed = capsys.readouterr().out
    assert printed.index('no such kernel') < printed.index('ratio: 0.988')


def test_results_are_on_the_disk_after_each_part(run_parts, tmp_path):
    seen = []

    def second(session, seconds):
        seen.append(json.loads((tmp_path / 'gpu.json').read_text())['parts'])
        return {}

    code, _ = run_parts(first=lambda session, seconds: {'found': 1}, second=second)
    assert code == 0
    assert seen == [{'first': {'found': 1}}]


def test_a_part_gets_no_more_than_what_is_left(run_parts):
    given = []
    run_parts('--minutes', 0.5, only=lambda session, seconds: given.append(seconds) or {})
    assert 25 < given[0] <= 30


def test_a_process_ends_with_its_time_and_leaves_its_log(script, tmp_path):
    gpu = script('gpu')
    session = gpu.Session('cpu', True, tmp_path, time.monotonic() + 100)
    code = 'import time; print("half of it"); time.sleep(60)'
    with pytest.raises(gpu.PartFailed, match=r'not done after 3 s(?s:.*)half of it'):
        session.call('slow', '-c', code, seconds=3)
    with pytest.raises(gpu.PartFailed, match='exit code 3'):
        session.call('wrong', '-c', 'raise SystemExit(3)', seconds=60)
    assert session.call('good', '-c', 'print(1)', seconds=60) == '1\n'


def test_what_a_benchmark_wrote_before_it_failed_is_kept(script, monkeypatch, tmp_path):
    gpu, module = script('gpu'), script('gpu_session')
    text = 'import sys\nopen(sys.argv[2], "w").write("[1]")\nraise SystemExit(2)\n'
    (tmp_path / 'script.py').write_text(text)
    monkeypatch.setattr(module, 'HERE', tmp_path)
    session = gpu.Session('cpu', True, tmp_path, time.monotonic() + 100)
    with pytest.raises(gpu.PartFailed, match='exit code 2') as failed:
        session.measure('script.py', seconds=60)
    assert failed.value.results == [1]


@pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')
def test_without_a_gpu_it_says_what_can_be_tried(script, monkeypatch):
    monkeypatch.setattr('sys.argv', ['gpu.py'])
    with pytest.raises(SystemExit, match='no GPU; --device cpu --tiny'):
        script('gpu').main()


def test_times_that_overlap_count_once(script):
    union = script('gpu_share').union
    assert union([(5, 6), (0, 2), (1, 3), (1, 2)]) == 4
    assert union([]) == 0


def test_the_part_to_carry_is_a_folder_of_photographs(script, tmp_path):
    folders = script('photo_folder')
    folders.draw_folder(tmp_path / 'all', 6, 3, side=32)
    (tmp_path / 'weights').write_bytes(b'w' * 2**20)
    size = folders.copy_part(tmp_path / 'all', tmp_path / 'weights', tmp_path / 'part', 4)
    assert 1 < size < 1.1
    kept = read_label_list(tmp_path / 'part/train_0.4left.txt', 80).names
    assert list(kept) == ['0.jpg', '1.jpg', '2.jpg', '3.jpg']
    assert sorted(path.name for path in (tmp_path / 'part/train2014').iterdir()) == list(kept)
    assert len(list((tmp_path / 'part/val2014').iterdir())) == 3


def write_run(folder, finished, *scores):
    (folder / 'a_date/vis_data').mkdir(parents=True)
    (folder / 'run.json').write_text(json.dumps({'finished': finished}))
    rows = [{'loss': 1.0}, *({'multi-label/mAP': m, 'step': n} for n, m in enumerate(scores, 1))]
    lines = [json.dumps(row) for row in rows]
    (folder / 'a_date/vis_data/scalars.json').write_text('\n'.join(lines))


def test_finished_runs_are_told_once_and_unfinished_ones_kept_apart(script, tmp_path):
    study = script('gpu_study')
    write_run(tmp_path / 'full_BCE_seed0', True, 10.0, 20.0)
    write_run(tmp_path / 'full_BCE_seed1', True, 30.0)
    write_run(tmp_path / '0.4left_Hill_seed0', False, 5.0)
    write_run(tmp_path / '0.4left_SPLC_seed0', False)
    finished, told = {}, []
    for _ in range(2):
        study.tell_finished(tmp_path, finished, told.append)
    assert told == ['  full_BCE_seed0: mAP 20.00', '  full_BCE_seed1: mAP 30.00']
    means = study.means(finished)
    assert list(means) == ['full_BCE']
    assert (means['full_BCE']['seeds'], means['full_BCE']['multi-label/mAP']) == (2, 25.0)
    assert study.unfinished(tmp_path, finished) == {
        '0.4left_Hill_seed0': {'multi-label/mAP': 5.0, 'step': 1}
    }


@pytest.mark.slow
def test_each_part_is_tried_on_a_cpu(script, run_tool, tmp_path):
    out = tmp_path / 'gpu.json'
    command = 'benchmarks/gpu.py', '--device', 'cpu', '--tiny', '--out', out
    run_tool('python', *command, '--minutes', 15, '--work-dir', tmp_path / 'work', timeout=1000)
    report = json.loads(out.read_text())
    parts = report['parts']
    assert list(parts) == list(script('gpu').PARTS)
    assert not report['failed']
    assert len(parts['correctness']['skipped']) > 100 or torch.cuda.is_available()
    assert parts['losses']['SPLC']['(128, 80)'] > 0
    assert parts['training loop']['MobileNetV2, SPLC'] > 0
    assert 0 < parts['share']['computing'] <= 1
    assert set(parts['study']['means']) == {'0.4left_SPLC', 'full_BCE'}
    assert 'SPLC' in parts['study']['table']


@pytest.mark.slow
def test_the_study_stops_with_the_clock_and_reports_what_is_finished(script, monkeypatch, tmp_path):
    """Two runs of which one at a time fits: stopped after the first."""
    study = script('gpu_study')
    monkeypatch.setattr(study, 'cpu_count', lambda: 1)
    told = []
    clock = study.time.monotonic
    monkeypatch.setattr(study, 'STOP', 60.0)
    monkeypatch.setattr(study, 'REPORT', 60.0)
    monkeypatch.setattr(study.time, 'monotonic', lambda: clock() + 1e6 * bool(told))
    results = study.run_study(tmp_path, 600, 'cpu', True, told.append)
    assert results['stopped by the clock']
    assert len(told) >= 1
