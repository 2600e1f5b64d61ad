"""Raw and averaged weights are both validated."""

import json
from copy import deepcopy

import torch
from helpers.averaging import AVERAGED, VALIDATED, ReferenceAverage, average_of
from helpers.runners import make_runner

from mmpretrain_mlml import MultiLabelScores


def test_both_are_validated_and_logged(tmp_path):
    runner = make_runner(tmp_path, **AVERAGED, **VALIDATED)
    reference = ReferenceAverage(0.25)
    runner.register_hook(reference)
    runner.train()
    scores = reference.metrics[-1]
    assert len(reference.metrics) == 3
    assert len(scores) == 16
    assert scores['multi-label/mAP'] != scores['raw/multi-label/mAP']
    (log,) = tmp_path.glob('*/vis_data/scalars.json')
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert [row['raw/multi-label/mAP'] for row in rows if 'raw/multi-label/mAP' in row] == [
        metrics['raw/multi-label/mAP'] for metrics in reference.metrics
    ]
    # each is the score of its own weights
    for name, weights in (
        ('raw/multi-label/mAP', reference.raw[-1]),
        ('multi-label/mAP', average_of(runner).module.state_dict()),
    ):
        assert score(runner, weights) == scores[name]
    # afterwards training would continue with the raw weights
    for key, value in runner.model.state_dict().items():
        torch.testing.assert_close(value, reference.raw[-1][key], rtol=0, atol=0)


def score(runner, weights):
    model = deepcopy(runner.model)
    model.load_state_dict(weights)
    model.eval()
    metric = MultiLabelScores()
    for batch in runner.val_dataloader:
        metric.process(batch, [sample.to_dict() for sample in model.val_step(batch)])
    return metric.evaluate(50)['multi-label/mAP']


def test_validation_without_training_scores_both(tmp_path):
    make_runner(tmp_path, **AVERAGED, **VALIDATED, train_cfg={'max_epochs': 1}).train()
    runner = make_runner(tmp_path, **AVERAGED, **VALIDATED, load_from=str(tmp_path / 'epoch_1.pth'))
    scores = runner.val()
    # a checkpoint that is only validated has one set of weights
    assert scores['raw/multi-label/mAP'] == scores['multi-label/mAP'] > 0
