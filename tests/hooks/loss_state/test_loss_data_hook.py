"""Losses hear of the data, and what they remember of samples survives a resumption."""

import pytest
import torch
from helpers.support import make_runner

from mmpretrain_mlml import LossDataHook
from mmpretrain_mlml.datasets.statistics import count_labels

HOOK = {'loss_data': {'type': 'LossDataHook'}}


def loss_of(runner):
    return runner.model.head.loss_module


def test_the_prior_is_counted_over_what_is_known(tmp_path):
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


def test_positive_lists_count_as_known_everywhere(tmp_path):
    built = make_runner(tmp_path).train_dataloader.dataset
    counts = count_labels(built)
    labels = [label for i in range(len(built)) for label in built.get_data_info(i)['gt_label']]
    assert counts.present.tolist() == [labels.count(k) for k in range(10)]
    assert counts.known.tolist() == [len(built)] * 10
    assert counts.prior.max() < 1


@pytest.mark.parametrize('kind', ['LLCp', 'APL'])
def test_a_table_fills_and_a_resumed_run_ends_as_an_undisturbed_one(kind, tmp_path):
    loss = {'type': kind, '_delete_': True}
    if kind == 'LLCp':
        loss['delta'] = 3.0
    changes = {'model': {'head': {'loss': loss}}, 'train_cfg': {'max_epochs': 4}}
    straight = make_runner(tmp_path / 'straight', **changes)
    straight.train()
    interrupted = make_runner(tmp_path / 'again', **changes)
    interrupted.register_hook(_Stop(), priority='LOWEST')
    with pytest.raises(KeyboardInterrupt):
        interrupted.train()
    resumed = make_runner(tmp_path / 'again', resume=True, **changes)
    resumed.train()
    expected, found = loss_of(straight).memory.state(), loss_of(resumed).memory.state()
    assert expected
    for name, column in expected.items():
        assert torch.equal(found[name], column), name
    if kind == 'LLCp':
        assert expected['turned'].any()
    else:
        assert (expected['pseudo'] >= 0).any()
    for a, b in zip(straight.model.parameters(), resumed.model.parameters(), strict=True):
        assert torch.equal(a, b)
    saved = torch.load(tmp_path / 'again/epoch_4.pth', weights_only=True)
    assert list(saved['label_tables']) == ['head.loss_module']
    assert not [key for key in saved['state_dict'] if 'table' in key]


@pytest.mark.parametrize('repeated', [False, True])
def test_several_data_sets_in_one_are_refused_by_a_loss_that_remembers(repeated, tmp_path):
    runner = make_runner(tmp_path, model={'head': {'loss': {'type': 'LLCp', '_delete_': True}}})
    one = runner._train_dataloader['dataset']
    several = {'type': 'ConcatDataset', 'datasets': [one, one]}
    if repeated:
        several = {'type': 'RepeatDataset', 'dataset': several, 'times': 2}
    runner._train_dataloader['dataset'] = several
    with pytest.raises(ValueError, match=r'LLCp keeps a row.*ConcatDataset'):
        runner.train()


class _Stop(LossDataHook):
    """Leaves after the second epoch, its checkpoint written."""

    def before_train(self, runner):
        pass

    def before_train_epoch(self, runner):
        self._curious = []
        if runner.epoch == 2:
            raise KeyboardInterrupt

    def before_save_checkpoint(self, runner, checkpoint):
        pass
