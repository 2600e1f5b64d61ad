"""tools/tune_thresholds.py on digits."""

import json

import numpy as np
import pytest
from helpers.training import CONFIG, options

from mmpretrain_mlml.evaluation import (
    Predictions,
    multi_label_scores,
    read_thresholds,
    tune_thresholds,
)

TOOL = 'python', 'tools/tune_thresholds.py'


@pytest.fixture(scope='module')
def predictions(tmp_path_factory):
    random = np.random.default_rng(0)
    targets = (random.random((200, 3)) < 0.3).astype(np.int8)
    scores = 1 / (1 + np.exp(-random.normal(2.0 * targets - 3, 1)))
    path = tmp_path_factory.mktemp('predictions') / 'val.npz'
    names = np.array([f'{i}.jpg' for i in range(200)])
    Predictions(scores, targets, names, np.array(['ant', 'bee', 'cat'])).save(path)
    return path


def test_thresholds_of_a_checkpoint_are_those_of_its_predictions(run_tool, trained, tmp_path):
    checkpoint, out, saved = trained / 'epoch_3.pth', tmp_path / 't.json', tmp_path / 'val.npz'
    tuned = tmp_path / 'tuned.pth'
    both = ('--out', out, '--into', tuned)
    said = run_tool(*TOOL, CONFIG, checkpoint, '--per-class', *both, *options())
    assert '10 thresholds from 101 images' in said
    metrics = ('--out', tmp_path / 'metrics.json', '--out-item', 'metrics')
    test = ('python', 'tools/test.py', CONFIG, tuned, '--work-dir', tmp_path, *metrics)
    said = run_tool(*test, *options(f'test_evaluator.out={saved}'))
    assert f'one for each class ({tuned})' in said
    of_test = Predictions.load(saved)
    values, _ = read_thresholds(out, of_test.classes.tolist())
    expected = tune_thresholds(of_test.scores, of_test.targets, per_class=True)
    np.testing.assert_allclose(values, expected.values, atol=1e-6)
    text = json.loads(out.read_text())
    assert text['cross_fitted'] == pytest.approx(expected.cross_fitted)
    before = multi_label_scores(of_test.scores, of_test.targets).summary['OF1']
    assert text['score'] > before
    tested = json.loads((tmp_path / 'metrics.json').read_text())
    scores = multi_label_scores(of_test.scores, of_test.targets, expected.values).summary
    assert tested['multi-label/OF1'] == pytest.approx(scores['OF1'])
    by_share = tmp_path / 'kept.json'
    run_tool(*TOOL, CONFIG, checkpoint, '--kept', 0.38, '--out', by_share, *options())
    values, _ = read_thresholds(by_share)
    tags_of_an_image = (of_test.scores > values).sum() / len(of_test.scores)
    assert tags_of_an_image == pytest.approx(3.0, abs=0.4)  # scenes have 1 to 5 digits
    run_tool(*test, '--thresholds=0.31', *options())
    tested = json.loads((tmp_path / 'metrics.json').read_text())
    scores = multi_label_scores(of_test.scores, of_test.targets, 0.31).summary
    assert tested['multi-label/OF1'] == pytest.approx(scores['OF1'])


def test_predictions_wanted_precision_and_rates(run_tool, predictions, tmp_path):
    use = (*TOOL, '--predictions', predictions, '--out')
    said = run_tool(*use, tmp_path / 'p.json', '--goal', 'precision', '--wanted', 70)
    assert 'precision: threshold 0.' in said
    assert json.loads((tmp_path / 'p.json').read_text())['score'] >= 70
    rates = tmp_path / 'rates.json'
    rates.write_text('{"bee": 0.2, "ant": 0.1, "cat": 0.3}')
    run_tool(*use, tmp_path / 'r.json', '--rates', rates, '--per-class', '--shrinkage', 0)
    values, _ = read_thresholds(tmp_path / 'r.json')
    predicted = Predictions.load(predictions).scores > values
    np.testing.assert_allclose(predicted.mean(0), [0.1, 0.2, 0.3], atol=0.006)


def test_mistakes_end_in_one_line(run_tool, predictions, tmp_path):
    out = tmp_path / 'thresholds.json'
    use = (*TOOL, '--predictions', predictions, '--out', out)
    rates = tmp_path / 'rates.json'
    rates.write_text('{"bee": 0.2, "ant": 0.1, "dog": 0.3}')
    assert 'differs in cat, dog' in run_tool(*use, '--rates', rates, expect=1)
    assert 'need it' in run_tool(*use, '--goal', 'recall', expect=1)
    assert 'whose copy is to hold' in run_tool(*use, '--into', tmp_path / 'x.pth', expect=2)
    assert 'expected --out' in run_tool(*use[:4], expect=2)
    assert 'and no --rates' in run_tool(*use, '--kept', 0.4, expect=2)
    assert 'not both' in run_tool(*use, CONFIG, 'x.pth', expect=2)
    for ignored in (('--split', 'test'), options()):
        assert 'expected no config, --split' in run_tool(*use, *ignored, expect=2)
    assert 'expected --per-class' in run_tool(*use, '--shrinkage', 5, expect=2)
    assert not out.exists()
    out.write_text('mine')
    assert f'error: {out} exists' in run_tool(*use, expect=1)
    assert out.read_text() == 'mine'
