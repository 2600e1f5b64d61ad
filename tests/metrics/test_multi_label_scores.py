"""The multi-label metric."""

import logging
import math

import numpy as np
import pytest
import torch
from helpers.hostile_names import HOSTILE_NAMES, assert_harmless
from helpers.runners import VALIDATION, make_runner
from mmengine.evaluator import Evaluator
from mmengine.logging import MMLogger
from mmpretrain.registry import METRICS
from mmpretrain.structures import DataSample

from mmpretrain_mlml import MultiLabelScores
from mmpretrain_mlml.evaluation import Predictions, multi_label_scores


def evaluate(scores, targets, as_labels=True, classes=None, **kwargs):
    samples = []
    for score, target in zip(scores, targets):
        sample = DataSample().set_pred_score(torch.tensor(score))
        if as_labels:
            sample.set_gt_label(np.flatnonzero(target))
        else:
            sample.set_gt_score(torch.tensor(target).float())
        samples.append(sample)
    evaluator = Evaluator(METRICS.build({'type': 'mmpretrain_mlml.MultiLabelScores', **kwargs}))
    evaluator.dataset_meta = {'classes': classes}
    for start in range(0, len(samples), 7):
        evaluator.process(samples[start : start + 7])
    return evaluator.evaluate(len(samples))


@pytest.fixture
def case():
    random = np.random.RandomState(0)
    return random.rand(40, 5).astype(np.float32), (random.rand(40, 5) < 0.3).astype(int)


@pytest.fixture
def log(caplog):
    logger = MMLogger.get_instance('metric-test')
    logger.addHandler(caplog.handler)
    caplog.set_level(logging.INFO, logger='metric-test')
    yield caplog
    logger.removeHandler(caplog.handler)


@pytest.mark.parametrize('as_labels', [True, False])
def test_metric_names_and_values(case, as_labels):
    result = evaluate(*case, as_labels)
    expected = multi_label_scores(*case).summary
    assert result == pytest.approx({f'multi-label/{name}': v for name, v in expected.items()})
    assert list(expected) == ['mAP', 'CP', 'CR', 'CF1', 'CF1_classwise_mean', 'OP', 'OR', 'OF1']


def test_options_reach_the_arithmetic(case):
    result = evaluate(*case, threshold=0.3, prefix='x')
    assert result['x/OF1'] == pytest.approx(multi_label_scores(*case, 0.3).summary['OF1'])
    result = evaluate(*case, topk=2)
    assert result['multi-label/OF1'] == pytest.approx(
        multi_label_scores(*case, topk=2).summary['OF1']
    )
    with pytest.raises(ValueError, match='empty_classes'):
        evaluate(*case, empty_classes='none')


def test_unobserved_entries_come_in_gt_score(case):
    scores, targets = case
    targets[::3] = -1
    result = evaluate(scores, targets, as_labels=False)
    assert result['multi-label/mAP'] == pytest.approx(
        multi_label_scores(scores, targets).summary['mAP']
    )


def test_a_repeated_label_counts_once(case):
    scores, _ = case
    sample = DataSample().set_pred_score(torch.tensor(scores[0])).set_gt_label([1, 1, 3])
    evaluator = Evaluator(METRICS.build({'type': 'mmpretrain_mlml.MultiLabelScores'}))
    evaluator.process([sample])
    expected = multi_label_scores(scores[:1], np.array([[0, 1, 0, 1, 0]])).summary
    assert evaluator.evaluate(1)['multi-label/OF1'] == pytest.approx(expected['OF1'])


def test_the_log_names_empty_classes_and_shows_tables(case, log):
    scores, targets = case
    targets[:, 4] = 0
    classes = ['ant', '[bee]', 'cat', 'dog', 'elk']
    evaluate(scores, targets, classes=classes)
    assert '1 classes without positives are counted as 0: elk' in log.text
    assert 'bee' not in log.text
    evaluate(scores, targets, classes=classes, classwise=True)
    ap = multi_label_scores(scores, targets).ap
    row = next(line for line in log.text.splitlines() if ' [bee] ' in line)
    assert f'{ap[1]:.2f}' in row
    assert str(targets[:, 1].sum()) in row


def test_the_class_table_counts_entries_and_leaves_out_what_is_unknown(case, log):
    scores, targets = case
    targets[::3, 1] = -1
    targets[:, 4] = -1
    limits = [0.1, 0.25, 0.5, 0.6, 0.7]
    names = ['ant', 'bee', 'cat', 'dog', 'elk']
    evaluate(scores, targets, False, classes=names, classwise=True, threshold=limits)
    rows = {}
    for line in log.text.splitlines():
        cells = [cell.strip() for cell in line.split('\u2502')[1:-1]]
        rows.update({cells[0]: cells[1:]} if cells else {})
    assert 'nan' not in log.text.lower()
    assert 'score > 0.1 to 0.7, by class' in log.text
    known = np.arange(40) % 3 > 0
    one = multi_label_scores(
        scores[known, 1:2], targets[known, 1:2], 0.25
    )  # the known entries alone
    expected = [one.precision, one.recall, one.f1, one.ap]
    positives = str(int(targets[known, 1].sum()))
    numbers = [f'{value.item():.2f}' for value in expected]
    assert rows['bee'] == [positives, '26', '14', '0.25', *numbers]
    assert rows['elk'] == ['0', '0', '40', '0.7', '-', '-', '-', '-']
    log.clear()
    evaluate(scores, targets, False, classes=names, classwise=True, topk=2)
    assert ' - ' in next(line for line in log.text.splitlines() if ' bee ' in line)


def test_names_are_data(log):
    classes = [*HOSTILE_NAMES, 'last']
    scores = np.random.RandomState(0).rand(20, len(classes)).astype(np.float32)
    targets = np.arange(20)[:, None] % 3 == np.arange(len(classes)) % 2
    targets[:, -1] = False
    evaluate(scores, targets, classes=classes, classwise=True)
    assert_harmless(log.text)
    rows = [line for line in log.text.splitlines() if line.startswith('\u2502')]
    assert len(rows) == len(classes)  # a line each, whole
    ap = multi_label_scores(scores, targets).ap
    for name, value, row in zip(classes, ap, rows):
        shown = '-' if np.isnan(value) else f'{value:.2f}'
        assert row.endswith(f' {shown} '.ljust(len(row) - row[:-1].rindex('\u2502') - 2) + '\u2502')
        assert name[:5] in row or not name[:5].isprintable()


@pytest.mark.parametrize('known', [-1.0, 0.0, None])
def test_images_of_which_no_labels_are_known_are_not_scored(case, log, known, tmp_path):
    scores, out = case[0], tmp_path / 'scores.npz'
    metric = MultiLabelScores(out=str(out))
    samples = [DataSample().set_pred_score(torch.tensor(row)) for row in scores]
    if known is not None:
        samples = [sample.set_gt_score(torch.full((5,), known)) for sample in samples]
    metric.process({}, [sample.to_dict() for sample in samples])
    assert metric.evaluate(len(samples)) == {}
    assert 'none of the 40 images has a positive label: nothing is scored' in log.text
    np.testing.assert_array_equal(Predictions.load(out).scores, scores)


def test_a_long_list_of_empty_classes_is_counted(log):
    targets = np.zeros((3, 8182), int)
    targets[:, 0] = 1
    evaluate(np.random.RandomState(0).rand(3, 8182), targets)
    assert (
        '8181 classes without positives are counted as 0: 1, 2, 3, 4, 5, 6, 7, 8 and 8,173 more'
        in log.text
    )


@pytest.mark.parametrize('label', [[-1], [5]])
def test_a_label_out_of_range_raises(case, label):
    sample = DataSample().set_pred_score(torch.tensor(case[0][0])).set_gt_label(label)
    evaluator = Evaluator(METRICS.build({'type': 'mmpretrain_mlml.MultiLabelScores'}))
    with pytest.raises(ValueError, match=r'indices in \[0, 4\]'):
        evaluator.process([sample])


def test_a_prediction_that_is_not_finite_raises(case):
    scores, targets = case
    scores[3, 2] = np.nan
    with pytest.raises(ValueError, match='finite'):
        evaluate(scores, targets)


@pytest.mark.parametrize('value', [0.5, 2, 300, np.nan])
def test_a_target_that_cannot_be_scored_is_named(case, value):
    scores, _ = case
    targets = np.zeros_like(scores)
    targets[3, 2] = value
    with pytest.raises(ValueError, match=r'expected targets of 1, 0 and -1, got also \['):
        evaluate(scores, targets, as_labels=False)


def test_samples_of_both_kinds_in_one_batch(case):
    scores, targets = case
    metric = METRICS.build({'type': 'mmpretrain_mlml.MultiLabelScores'})
    samples = [
        {'pred_score': torch.tensor(score)}
        | ({'gt_score': torch.tensor(target)} if n % 2 else {'gt_label': np.flatnonzero(target)})
        for n, (score, target) in enumerate(zip(scores, targets))
    ]
    metric.process(None, samples)
    expected = multi_label_scores(scores, targets).summary
    assert metric.evaluate(len(samples))['multi-label/mAP'] == pytest.approx(expected['mAP'])


def test_results_of_single_images_are_scored(case):
    """As a subclass may collect them."""
    scores, targets = case
    metric = METRICS.build({'type': 'mmpretrain_mlml.MultiLabelScores'})
    result = metric.compute_metrics(list(zip(scores, targets, map(str, range(len(scores))))))
    assert result == pytest.approx(multi_label_scores(scores, targets).summary)


def test_predictions_are_written_to_a_file(case, tmp_path):
    scores, targets = case
    out = tmp_path / 'deeper/predictions.npz'
    evaluate(*case, out=str(out), classes=list('abcde'))
    result = Predictions.load(out)
    assert result.scores.dtype == np.float32
    assert result.targets.dtype == np.int8
    assert (result.scores == scores).all()
    assert (result.targets == targets).all()
    assert result.classes.tolist() == list('abcde')
    evaluate(scores[:9], targets[:9], out=str(out))  # the last evaluation's
    assert len(Predictions.load(out).names) == 9
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    with pytest.raises(ValueError, match=r'\.npz'):
        evaluate(*case, out='predictions.pkl')


def test_the_file_holds_predictions_of_the_averaged_model(tmp_path):
    out = tmp_path / 'predictions.npz'
    changes = {
        **VALIDATION,
        'val_cfg': {'type': 'mmpretrain_mlml.RawAndAveragedValLoop'},
        'val_evaluator': {'type': 'mmpretrain_mlml.MultiLabelScores', 'out': str(out)},
        'custom_hooks': [{'type': 'mmpretrain_mlml.WeightAverageHook', 'momentum': 0.01}],
    }
    runner = make_runner(tmp_path, **changes)
    runner.train()
    scores = runner.message_hub.log_scalars
    averaged, raw = (scores[f'val/{part}multi-label/mAP'].current() for part in ('', 'raw/'))
    saved = Predictions.load(out)
    result = multi_label_scores(saved.scores, saved.targets).summary['mAP']
    assert averaged != raw
    assert result == pytest.approx(averaged)
    assert saved.names.tolist() == [str(n) for n in range(50)]


@pytest.mark.parametrize('threshold', [math.nan, math.inf, -0.1, 1.5, [0.5, math.nan]])
def test_a_threshold_that_means_nothing_is_refused(threshold):
    with pytest.raises(ValueError, match=r'expected threshold in \[0, 1\], got '):
        MultiLabelScores(threshold=threshold)
    for fits in (0, 0.5, 1, [0.1, 0.9]):
        MultiLabelScores(threshold=fits)
