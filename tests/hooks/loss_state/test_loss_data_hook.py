"""Losses are given class priors and samples, and their memory is resumed."""

import pytest
import torch
from helpers.runners import make_runner
from mmengine.hooks import Hook

from mmpretrain_mlml.datasets.statistics import count_labels


def loss_of(runner):
    return runner.model.head.loss_module


def test_prior_is_counted_over_known_labels(tmp_path):
    runner = make_runner(
        tmp_path,
        train_dataloader={'dataset': {'protocol': 'full', 'unknown': 0.5}},
        train_cfg={'max_epochs': 1},
        model={'head': {'loss': {'type': 'PASL', '_delete_': True}}},
    )
    runner.train()
    dataset = runner.train_dataloader.dataset
    scores = torch.stack([dataset[i]['data_samples'].gt_score for i in range(len(dataset))])
    assert set(scores.unique().tolist()) == {-1, 0, 1}
    expected = (scores == 1).sum(0) / (scores >= 0).sum(0)
    torch.testing.assert_close(loss_of(runner)._prior.float(), expected)
    assert count_labels(dataset).known.tolist() == (scores >= 0).sum(0).tolist()


class StopInThirdEpoch(Hook):
    """Ends the run after the checkpoint of the second epoch."""

    priority = 'LOWEST'

    def before_train_epoch(self, runner):
        if runner.epoch == 2:
            raise KeyboardInterrupt


@pytest.mark.parametrize('kind', ['LLCp', 'APL'])
def test_resumed_memory_ends_like_an_uninterrupted_one(kind, tmp_path):
    loss = {'type': kind, '_delete_': True}
    if kind == 'LLCp':
        loss['delta'] = 3.0
    changes = {'model': {'head': {'loss': loss}}, 'train_cfg': {'max_epochs': 4}}
    straight = make_runner(tmp_path / 'straight', **changes)
    straight.train()
    interrupted = make_runner(tmp_path / 'again', **changes)
    interrupted.register_hook(StopInThirdEpoch())
    with pytest.raises(KeyboardInterrupt):
        interrupted.train()
    resumed = make_runner(tmp_path / 'again', resume=True, **changes)
    resumed.train()
    expected, memory = loss_of(straight).memory.state(), loss_of(resumed).memory.state()
    assert expected
    for name, column in expected.items():
        assert torch.equal(memory[name], column), name
    if kind == 'LLCp':
        assert expected['turned'].any()
    else:
        assert (expected['pseudo'] >= 0).any()
    for a, b in zip(straight.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(a, b)
    saved = torch.load(tmp_path / 'again/epoch_4.pth', weights_only=True)
    assert list(saved['label_tables']) == ['head.loss_module']
    assert not [key for key in saved['state_dict'] if 'table' in key or 'memory' in key]


@pytest.mark.parametrize('repeated', [False, True])
def test_loss_with_memory_refuses_several_data_sets(repeated, tmp_path):
    runner = make_runner(tmp_path, model={'head': {'loss': {'type': 'LLCp', '_delete_': True}}})
    one = runner._train_dataloader['dataset']
    several = {'type': 'ConcatDataset', 'datasets': [one, one]}
    if repeated:
        several = {'type': 'RepeatDataset', 'dataset': several, 'times': 2}
    runner._train_dataloader['dataset'] = several
    with pytest.raises(ValueError, match=r'LLCp keeps a row.*ConcatDataset'):
        runner.train()
