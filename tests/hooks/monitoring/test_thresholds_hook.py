"""Head and evaluator decide with the thresholds of the model."""

import numpy as np
import pytest
import torch
from helpers.runners import VALIDATION, make_runner

from mmpretrain_mlml.checkpoints import store_thresholds
from mmpretrain_mlml.evaluation import Predictions, multi_label_scores

CLASSES = list('0123456789')
BY_CLASS = [0.3 + 0.03 * index for index in range(10)]
METRIC = 'mmpretrain_mlml.MultiLabelScores'


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    """A checkpoint that holds thresholds, and the weights alone."""
    folder = tmp_path_factory.mktemp('tuned')
    runner = make_runner(folder / 'run')
    with torch.no_grad():
        for parameter in runner.model.head.fc.parameters():
            parameter.normal_(0, 2)
    torch.save(runner.model.state_dict(), folder / 'plain.pth')
    store_thresholds(folder / 'plain.pth', folder / 'tuned.pth', CLASSES, BY_CLASS)
    return folder / 'tuned.pth'


def run_test(tmp_path, weights, **changes):
    """Return the scores of a test, its predictions, and the tags that the head predicted."""
    out = tmp_path / 'predictions.npz'
    evaluator = changes.pop('test_evaluator', {'type': METRIC})
    first, *others = evaluator if isinstance(evaluator, list) else [evaluator]
    runner = make_runner(
        tmp_path,
        load_from=str(weights),
        test_dataloader=VALIDATION['val_dataloader'],
        test_evaluator=[{**first, 'out': str(out)}, *others],
        **changes,
    )
    tags = []
    head = runner.model.head
    predict = head._get_predictions

    def keep(*args):
        samples = predict(*args)
        tags.extend(set(sample.pred_label.tolist()) for sample in samples)
        return samples

    head._get_predictions = keep
    return runner.test(), Predictions.load(out), tags


def assert_decided(found, limits):
    result, predictions, tags = found
    expected = multi_label_scores(predictions.scores, predictions.targets, limits).summary['OF1']
    assert result['multi-label/OF1'] == pytest.approx(expected)
    decided = predictions.scores > limits
    assert tags == [set(np.flatnonzero(row).tolist()) for row in decided]
    assert 0 < decided.mean() < 1


def test_thresholds_of_the_checkpoint_count_for_all(checkpoint, tmp_path):
    assert_decided(run_test(tmp_path, checkpoint), np.array(BY_CLASS))


def test_without_thresholds_it_is_one_half(checkpoint, tmp_path):
    assert_decided(run_test(tmp_path, checkpoint.with_name('plain.pth')), 0.5)


def test_the_key_of_the_config_overrides_all(checkpoint, tmp_path):
    evaluator = {'type': METRIC, 'threshold': 0.9, 'topk': 2}
    changes = {'thresholds': 0.35, 'model.head.thr': None, 'model.head.topk': 3}
    assert_decided(run_test(tmp_path, checkpoint, test_evaluator=evaluator, **changes), 0.35)


def test_the_head_follows_the_evaluator_and_the_evaluator_the_head(checkpoint, tmp_path):
    one = run_test(tmp_path / 'a', checkpoint, test_evaluator={'type': METRIC, 'threshold': 0.4})
    assert_decided(one, 0.4)
    assert_decided(run_test(tmp_path / 'b', checkpoint, **{'model.head.thr': 0.6}), 0.6)


def test_metrics_with_thresholds_of_their_own_keep_them(checkpoint, tmp_path):
    several = [
        {'type': METRIC, 'threshold': 0.4},
        {'type': METRIC, 'threshold': 0.5, 'prefix': 'half'},
        {'type': METRIC, 'prefix': 'follows'},
    ]
    result, predictions, _ = run_test(tmp_path, checkpoint, test_evaluator=several)
    of1 = {
        limit: multi_label_scores(predictions.scores, predictions.targets, limit).summary['OF1']
        for limit in (0.4, 0.5)
    }
    assert result['half/OF1'] == pytest.approx(of1[0.5])
    assert result['follows/OF1'] == result['multi-label/OF1'] == pytest.approx(of1[0.4])


def test_a_training_that_starts_from_the_checkpoint_does_not_take_its_thresholds(
    checkpoint, tmp_path
):
    runner = make_runner(tmp_path, load_from=str(checkpoint), **VALIDATION)
    runner.train()
    assert runner.model.head.thr == 0.5
    assert runner.val_evaluator.metrics[0].threshold == 0.5


def test_thresholds_that_do_not_fit_are_refused_before_the_first_step(checkpoint, tmp_path):
    runner = make_runner(tmp_path / 'a', thresholds=[0.5, 0.6], **VALIDATION)
    with pytest.raises(ValueError, match=r'thresholds: expected .* each of 10 classes, got \[0\.5'):
        runner.train()
    assert runner.iter == 0
    other = tmp_path / 'other.pth'
    store_thresholds(checkpoint, other, ['x', *CLASSES[1:]], BY_CLASS)
    with pytest.raises(ValueError, match=r'other\.pth .* differ in 0, x'):
        run_test(tmp_path / 'b', other)
