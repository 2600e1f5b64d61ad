"""tools/compare_runs.py: files of predictions, and mistakes."""

import json

from helpers.study_runs import make_predictions

from mmpretrain_mlml.evaluation import Predictions

TOOL = 'python', 'tools/compare_runs.py'


def write(path, skill, images=120, seed=0):
    whole = make_predictions(skill, seed, images)
    part = slice(7)
    Predictions(
        whole.scores[:, part], whole.targets[:, part], whole.names, whole.classes[part]
    ).save(path)
    return path


def test_runs_are_compared_class_by_class(run_tool, tmp_path):
    bce = [write(tmp_path / f'{seed}/predictions.npz', 0.3, seed=seed).parent for seed in (0, 1)]
    splc, rates = write(tmp_path / 'splc.npz', 0.6), tmp_path / 'missing.json'
    rates.write_text(json.dumps({f'class {n}': n / 8 for n in range(7)}))
    runs = (f'BCE={bce[0]}', f'BCE={bce[1]}', splc)
    named = ('--out', tmp_path / 'compared', '--missing', rates, '--resamples', 20)
    said = run_tool(*TOOL, *runs, *named)
    assert 'BCE (n = 2)' in said
    assert 'splc, interval above 0: ' in said
    assert 'missing in training (missing.json)' in ' '.join(said.split())
    content = json.loads((tmp_path / 'compared.json').read_text())
    assert [run['name'] for run in content['runs']] == ['BCE', 'splc']
    assert content['missing']['class 4'] == 0.5
    assert (tmp_path / 'compared.png').is_file()
    said = run_tool(*TOOL, bce[0], write(splc, 0.6, images=60), expect=1)
    assert 'error: ' in said
    assert 'were validated on different images or labels (their names differ, 120 and 60)' in said
