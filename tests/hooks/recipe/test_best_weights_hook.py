"""The best checkpoint holds the better of the raw and the averaged weights."""

import pytest
import torch
from helpers.averaging import AVERAGED, VALIDATED, ReferenceAverage, average_of
from helpers.runners import make_runner

from mmpretrain_mlml import MultiLabelScores
from mmpretrain_mlml.repairs.loading import load_from_local

BEST = {'default_hooks': {'checkpoint': {'save_best': 'multi-label/mAP'}}}


@pytest.mark.parametrize('better', ['raw', 'averaged'])
def test_best_checkpoint_is_the_better_one_without_state(tmp_path, better, monkeypatch):
    runner = make_runner(tmp_path, **AVERAGED, **VALIDATED, **BEST)
    reference = ReferenceAverage(0.25)
    runner.register_hook(reference)
    real, scored = MultiLabelScores.compute_metrics, []

    def graded(self, results):  # raw is scored first; one of the two is better throughout
        scores = real(self, results)
        scored.append('averaged' if len(scored) % 2 else 'raw')
        scores['mAP'] = scores['mAP'] / 100 + (60 + len(scored) if scored[-1] == better else 20)
        return scores

    monkeypatch.setattr(MultiLabelScores, 'compute_metrics', graded)
    runner.train()
    monkeypatch.undo()
    (best,) = tmp_path.glob('best_*.pth')
    assert best.name == 'best_multi-label_mAP_epoch_3.pth'
    checkpoint = load_from_local(best)
    assert set(checkpoint) == {'meta', 'state_dict'}
    assert checkpoint['meta']['weights'] == better
    average = average_of(runner).module.state_dict()
    expected = reference.raw[-1] if better == 'raw' else average
    assert checkpoint['state_dict'].keys() == expected.keys()
    for key, value in expected.items():
        torch.testing.assert_close(checkpoint['state_dict'][key], value, rtol=0, atol=0)
    key = {'raw': 'raw/multi-label/mAP', 'averaged': 'multi-label/mAP'}[better]
    assert runner.message_hub.get_info('best_score') == reference.metrics[-1][key]
    # the checkpoint to resume from still holds everything
    last = load_from_local(tmp_path / 'epoch_3.pth')
    assert {'optimizer', 'param_schedulers', 'ema_state_dict', 'message_hub'} <= last.keys()
    assert last['message_hub']['runtime_info']['best_score'] == reference.metrics[-1][key]


def test_resumed_run_keeps_average_and_best(tmp_path):
    straight = make_runner(tmp_path / 'straight', **AVERAGED, **VALIDATED, **BEST)
    straight.train()
    changes = {**AVERAGED, **VALIDATED, **BEST}
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
def test_best_is_averaged_if_only_the_average_is_validated(tmp_path, kind):
    changes = {**AVERAGED, 'custom_hooks': [{'type': kind, 'momentum': 0.25}]}
    runner = make_runner(
        tmp_path,
        **{**changes, **VALIDATED, 'val_cfg': {}},
        default_hooks={'checkpoint': {'save_best': 'auto'}},
        train_cfg={'max_epochs': 1},
    )
    runner.train()
    (best,) = tmp_path.glob('best_*.pth')
    checkpoint = load_from_local(best)
    assert checkpoint['meta']['weights'] == 'averaged'
    for key, value in average_of(runner).module.state_dict().items():
        assert torch.equal(checkpoint['state_dict'][key], value), key


def test_best_is_raw_without_an_average(tmp_path):
    runner = make_runner(tmp_path, model=AVERAGED['model'], **VALIDATED, **BEST)
    reference = ReferenceAverage(0.25)
    runner.register_hook(reference)
    runner.train()
    assert len(reference.metrics[-1]) == 8  # one validation
    (best,) = tmp_path.glob('best_*.pth')
    assert load_from_local(best)['meta']['weights'] == 'raw'


def test_several_metrics_are_refused(tmp_path):
    with pytest.raises(ValueError, match='one metric in save_best'):
        make_runner(tmp_path, default_hooks={'checkpoint': {'save_best': ['a/mAP', 'b/mAP']}})
