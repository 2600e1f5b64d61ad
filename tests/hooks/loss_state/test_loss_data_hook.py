"""Losses are given class priors and samples, and their memory is resumed."""

import numpy as np
import pytest
import torch
from helpers.runners import make_runner
from mmengine.dataset import BaseDataset
from mmengine.hooks import Hook
from mmpretrain.registry import MODELS

from mmpretrain_mlml.datasets.statistics import count_labels
from mmpretrain_mlml.repairs.loading import load_from_local


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
    loss |= {'delta': 3.0} if kind == 'LLCp' else {'warmup': 1}
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
    saved = load_from_local(tmp_path / 'again/epoch_4.pth')
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


class KeepLabels(Hook):
    """Keeps the labels of ROLE, and of its average, with which training begins."""

    priority = 'LOWEST'

    def before_train(self, runner):
        average = next(h for h in runner.hooks if hasattr(h, 'ema_model')).ema_model.module
        models = runner.model, average
        self.labels = [one.head.loss_module.labels.detach().clone() for one in models]


def test_labels_of_role_start_from_observed_positives(tmp_path):
    """In the model and in its average; a resumed run keeps what it has learned."""
    loss = {'type': 'ROLE', 'expected_positives': 2.0, 'num_samples': 48, 'num_classes': 10}
    changes = {
        'model': {'head': {'loss': {**loss, '_delete_': True}}},
        'custom_hooks': [{'type': 'WeightAverageHook'}],
    }
    runner = make_runner(tmp_path, train_cfg={'max_epochs': 2}, **changes)
    start = KeepLabels()
    runner.register_hook(start)
    runner.train()
    dataset = runner.train_dataloader.dataset
    expected = torch.full((48, 10), 0.5)
    for index in range(len(dataset)):
        expected[index, dataset.get_data_info(index)['gt_label']] = 0.995
    for labels in start.labels:
        torch.testing.assert_close(labels.sigmoid(), expected)
    learned = loss_of(runner).labels.detach().clone()
    assert not torch.allclose(learned.sigmoid(), expected)
    resumed = make_runner(tmp_path, resume=True, train_cfg={'max_epochs': 3}, **changes)
    resumed.register_hook(start)
    resumed.train()
    assert torch.equal(start.labels[0], learned)


class Scored(BaseDataset):
    """A data set from outside the package, whose third sample has a target of 2."""

    def load_data_list(self):
        return [{'img': np.zeros((48, 48, 1), np.uint8), 'gt_score': [2.0 * (i == 2)] * 10}
                for i in range(48)]  # fmt: skip


@pytest.mark.parametrize('ours', [False, True])
def test_targets_without_meaning_are_refused_before_they_reach_a_device(tmp_path, ours):
    """In data sets of others, if a loss of the package is trained on them."""
    dataset = {'type': Scored, 'pipeline': [{'type': 'PackInputs'}], '_delete_': True}
    runner = make_runner(tmp_path, train_dataloader={'dataset': dataset, 'batch_size': 48})
    if not ours:
        runner.model.head.loss_module = MODELS.build(
            {'type': 'CrossEntropyLoss', 'use_sigmoid': True}
        )
        runner.train()
        return
    with pytest.raises(ValueError, match=r'^sample 2: expected targets of .*, got 2 in 10 of 10'):
        runner.train()
