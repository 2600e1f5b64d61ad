"""The average of the weights: what it averages, what is validated, what is kept as the best."""

import json
from copy import deepcopy

import pytest
import torch
from helpers.support import VALIDATION, make_runner
from mmengine.config import Config
from mmengine.hooks import Hook

from mmpretrain_mlml import MultiLabelScores, config

AVERAGED = {
    'custom_hooks': [{'type': 'mmpretrain_mlml.WeightAverageHook', 'momentum': 0.25}],
    'model': {'head': {'loss': {'type': 'mmpretrain_mlml.BCE', '_delete_': True}}},
}
VALIDATED = {**VALIDATION, 'val_cfg': {'type': 'mmpretrain_mlml.RawAndAveragedValLoop'}}


class Watch(Hook):
    """Averages by hand, from the formula, and notes the scores."""

    priority = 'VERY_LOW'

    def __init__(self, momentum, every=1):
        self.momentum, self.every = momentum, every
        self.average, self.raw, self.metrics = None, [], []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if self.average is None:
            self.average = floats(runner.model)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if (batch_idx + 1) % self.every == 0:
            for key, value in floats(runner.model).items():
                self.average[key] += self.momentum * (value - self.average[key])

    def after_train_epoch(self, runner):
        self.raw.append(deepcopy(runner.model.state_dict()))

    def after_val_epoch(self, runner, metrics=None):
        self.metrics.append(dict(metrics))


def floats(model):
    state = deepcopy(model.state_dict())
    return {key: value.double() for key, value in state.items() if value.is_floating_point()}


def average_of(runner):
    (hook,) = (hook for hook in runner.hooks if hasattr(hook, 'ema_model'))
    return hook.ema_model


@pytest.mark.filterwarnings('ignore:Detected call of `scheduler.step')  # as MMEngine's own count
@pytest.mark.parametrize('accumulated', [1, 3])
def test_it_averages_weights_and_buffers_from_the_initial_ones_once_an_update(
    tmp_path, accumulated
):
    runner = make_runner(tmp_path, **AVERAGED, optim_wrapper={'accumulative_counts': accumulated})
    watch = Watch(0.25, every=accumulated)
    runner.register_hook(watch)
    runner.train()
    found = average_of(runner)
    assert found.steps == 1 + 9 // accumulated
    assert any('running_mean' in key for key in watch.average)
    for key, value in floats(found.module).items():
        torch.testing.assert_close(value, watch.average[key], rtol=1e-5, atol=1e-6)


def test_both_are_validated_and_logged(tmp_path):
    runner = make_runner(tmp_path, **AVERAGED, **VALIDATED)
    watch = Watch(0.25)
    runner.register_hook(watch)
    runner.train()
    scores = watch.metrics[-1]
    assert len(watch.metrics) == 3
    assert len(scores) == 16
    assert scores['multi-label/mAP'] != scores['raw/multi-label/mAP']
    (log,) = tmp_path.glob('*/vis_data/scalars.json')
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert [row['raw/multi-label/mAP'] for row in rows if 'raw/multi-label/mAP' in row] == [
        found['raw/multi-label/mAP'] for found in watch.metrics
    ]
    # each is the score of its weights alone
    for name, weights in (
        ('raw/multi-label/mAP', watch.raw[-1]),
        ('multi-label/mAP', average_of(runner).module.state_dict()),
    ):
        assert score(runner, weights) == scores[name]
    # and afterwards training would go on from the raw weights
    for key, value in runner.model.state_dict().items():
        torch.testing.assert_close(value, watch.raw[-1][key], rtol=0, atol=0)


def score(runner, weights):
    model = deepcopy(runner.model)
    model.load_state_dict(weights)
    model.eval()
    metric = MultiLabelScores()
    for batch in runner.val_dataloader:
        metric.process(batch, [sample.to_dict() for sample in model.val_step(batch)])
    return metric.evaluate(50)['multi-label/mAP']


@pytest.mark.parametrize('better', ['raw', 'averaged'])
def test_the_best_file_is_the_better_of_the_two_plain_and_loadable(tmp_path, better, monkeypatch):
    runner = make_runner(
        tmp_path,
        **AVERAGED,
        **VALIDATED,
        default_hooks={'checkpoint': {'save_best': 'multi-label/mAP'}},
    )
    watch = Watch(0.25)
    runner.register_hook(watch)
    real, turn = MultiLabelScores.compute_metrics, []

    def graded(self, results):  # raw is scored first; one of the two is better throughout
        found = real(self, results)
        turn.append('averaged' if len(turn) % 2 else 'raw')
        found['mAP'] = found['mAP'] / 100 + (60 + len(turn) if turn[-1] == better else 20)
        return found

    monkeypatch.setattr(MultiLabelScores, 'compute_metrics', graded)
    runner.train()
    monkeypatch.undo()
    (best,) = tmp_path.glob('best_*.pth')
    assert best.name == 'best_multi-label_mAP_epoch_3.pth'
    checkpoint = torch.load(best, weights_only=True)
    assert set(checkpoint) == {'meta', 'state_dict'}
    assert checkpoint['meta']['weights'] == better
    expected = watch.raw[-1] if better == 'raw' else average_of(runner).module.state_dict()
    assert checkpoint['state_dict'].keys() == expected.keys()
    for key, value in expected.items():
        torch.testing.assert_close(checkpoint['state_dict'][key], value, rtol=0, atol=0)
    key = {'raw': 'raw/multi-label/mAP', 'averaged': 'multi-label/mAP'}[better]
    assert runner.message_hub.get_info('best_score') == watch.metrics[-1][key]
    # the file to resume from still has all
    last = torch.load(tmp_path / 'epoch_3.pth', weights_only=True)
    assert {'optimizer', 'param_schedulers', 'ema_state_dict', 'message_hub'} <= last.keys()
    assert last['message_hub']['runtime_info']['best_score'] == watch.metrics[-1][key]


def test_resume_keeps_average_and_best(tmp_path):
    best = {'default_hooks': {'checkpoint': {'save_best': 'multi-label/mAP'}}}
    straight = make_runner(tmp_path / 'straight', **AVERAGED, **VALIDATED, **best)
    straight.train()
    changes = {**AVERAGED, **VALIDATED, **best}
    make_runner(tmp_path / 'a', **changes, train_cfg={'max_epochs': 2}).train()
    resumed = make_runner(tmp_path / 'a', **changes, resume=True)
    resumed.train()
    assert average_of(resumed).steps == average_of(straight).steps == 10
    for key, value in average_of(straight).state_dict().items():
        torch.testing.assert_close(average_of(resumed).state_dict()[key], value, rtol=0, atol=1e-6)
    best = straight.message_hub.get_info('best_score')
    assert resumed.message_hub.get_info('best_score') == pytest.approx(best, abs=1e-4)
    assert len(list((tmp_path / 'a').glob('best_*.pth'))) == 1


@pytest.mark.parametrize('kind', ['EMAHook', 'mmpretrain_mlml.WeightAverageHook'])
def test_an_average_that_alone_is_validated_is_what_the_best_file_holds(tmp_path, kind):
    changes = {**AVERAGED, 'custom_hooks': [{'type': kind, 'momentum': 0.25}]}
    runner = make_runner(
        tmp_path,
        **{**changes, **VALIDATED, 'val_cfg': {}},
        default_hooks={'checkpoint': {'save_best': 'auto'}},
        train_cfg={'max_epochs': 1},
    )
    runner.train()
    (best,) = tmp_path.glob('best_*.pth')
    checkpoint = torch.load(best, weights_only=True)
    assert checkpoint['meta']['weights'] == 'averaged'
    for key, value in average_of(runner).module.state_dict().items():
        assert torch.equal(checkpoint['state_dict'][key], value), key


def test_validating_alone_scores_both(tmp_path):
    make_runner(tmp_path, **AVERAGED, **VALIDATED, train_cfg={'max_epochs': 1}).train()
    runner = make_runner(tmp_path, **AVERAGED, **VALIDATED, load_from=str(tmp_path / 'epoch_1.pth'))
    found = runner.val()
    assert found['raw/multi-label/mAP'] == found['multi-label/mAP'] > 0  # a file tested has one


def test_without_an_average_there_is_one_validation_and_the_best_is_what_it_saw(tmp_path):
    runner = make_runner(
        tmp_path,
        model=AVERAGED['model'],
        **VALIDATED,
        default_hooks={'checkpoint': {'save_best': 'multi-label/mAP'}},
    )
    watch = Watch(0.25)
    runner.register_hook(watch)
    runner.train()
    assert len(watch.metrics[-1]) == 8
    (best,) = tmp_path.glob('best_*.pth')
    assert torch.load(best, weights_only=True)['meta']['weights'] == 'raw'


def test_best_is_one_metric(tmp_path):
    with pytest.raises(ValueError, match='one metric in save_best'):
        make_runner(tmp_path, default_hooks={'checkpoint': {'save_best': ['a/mAP', 'b/mAP']}})


def test_the_paper_recipe_averages_at_0_9997_and_validates_both():
    cfg = Config.fromfile(config('coco_0.4left_splc.py'))
    assert cfg.custom_hooks[0] == {'type': 'mmpretrain_mlml.WeightAverageHook', 'momentum': 3e-4}
    assert cfg.val_cfg.type == 'mmpretrain_mlml.RawAndAveragedValLoop'
