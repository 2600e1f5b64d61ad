"""The page of errors after a test."""

import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.runners import VALIDATION, make_runner

from mmpretrain_mlml import DigitScenes, ErrorGalleryHook, MultiLabelScores
from mmpretrain_mlml.evaluation import Predictions, find_errors

HOOK = 'mmpretrain_mlml.ErrorGalleryHook'
EVALUATOR = {'type': 'mmpretrain_mlml.MultiLabelScores', 'threshold': 0.45}


def run_test(folder, evaluator=EVALUATOR, hooks=({'type': HOOK},), **changes):
    runner = make_runner(
        folder, test_dataloader=VALIDATION['val_dataloader'], test_evaluator=evaluator,
        custom_hooks=list(hooks), log_level='INFO', **changes,
    )  # fmt: skip
    runner.test()
    (log,) = folder.glob('*/*.log')
    return runner, log.read_text()


def content(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page.read_text(), re.S)[1])


def test_the_page_shows_the_errors_of_the_evaluation(tmp_path):
    out, shown = tmp_path / 'p.npz', tmp_path / 'shown'
    hooks = [{'type': HOOK, 'count': 3}]
    pictures = {'type': 'mmpretrain_mlml.TagVisualizationHook', 'enable': True, 'interval': 1000,
                'out_dir': str(shown)}  # fmt: skip
    runner, log = run_test(
        tmp_path, {**EVALUATOR, 'out': str(out)}, hooks, default_hooks={'visualization': pictures}
    )
    assert f'the worst errors of each class: {shown}/errors.html' in log
    predictions = Predictions.load(out)
    found = find_errors(predictions.scores, predictions.targets, 0.45, count=3)
    data = content(shown / 'errors.html')
    assert len(found.misses) + len(found.false_positives) > 3
    for section in data['classes']:
        index = section['name']
        assert section['threshold'] == 0.45
        for kind, part in enumerate((found.false_positives, found.misses)):
            part = part[part['class'] == index]
            names = [data['images'][image]['name'] for image, _ in section['shown'][kind]]
            assert names == predictions.names[part['image']].tolist()
    (metric,) = runner.test_evaluator.metrics
    assert metric.latest is None  # nothing stays in memory
    assert metric.keep is False


def test_nothing_is_written_without_a_folder_or_a_score(tmp_path):
    runner, _ = run_test(tmp_path / 'a')
    assert not list(tmp_path.rglob('errors.html'))
    assert runner.test_evaluator.metrics[0].latest is None
    hooks = [{'type': HOOK, 'out_dir': str(tmp_path / 'shown')}]
    other = [{'type': 'mmpretrain.AveragePrecision'}]
    _, log = run_test(tmp_path / 'b', other, hooks)
    assert 'no page of errors is written: the test evaluator has no MultiLabelScores' in log
    assert not (tmp_path / 'shown').exists()


def test_without_labels_nothing_is_an_error(tmp_path):
    metric = MultiLabelScores()
    evaluator = SimpleNamespace(metrics=[metric])
    loop = SimpleNamespace(dataloader=SimpleNamespace(dataset=DigitScenes(size=3)))
    warnings = []
    runner = SimpleNamespace(
        test_evaluator=evaluator, test_loop=loop, hooks=[],
        logger=SimpleNamespace(warning=warnings.append),
    )  # fmt: skip
    hook = ErrorGalleryHook(str(tmp_path / 'shown'))
    hook.before_test(runner)
    assert metric.keep
    names, classes = np.arange(3).astype(str), np.arange(10).astype(str)
    metric.latest = Predictions(np.ones((3, 10)), np.zeros((3, 10)), names, classes)
    hook.after_test_epoch(runner)
    assert warnings == ['no page of errors is written: no test image has a positive label']
    assert not (tmp_path / 'shown').exists()


def test_a_folder_that_cannot_be_written_keeps_the_scores(tmp_path):
    (tmp_path / 'file').write_text('mine')
    _, log = run_test(
        tmp_path / 'a', hooks=[{'type': HOOK, 'out_dir': str(tmp_path / 'file/shown')}]
    )
    assert 'the page of errors could not be written: ' in log
    assert 'multi-label/mAP' in log


def test_a_count_below_one_is_refused():
    with pytest.raises(ValueError, match='expected count >= 1, got 0'):
        ErrorGalleryHook(count=0)
