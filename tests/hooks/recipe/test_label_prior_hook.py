"""The classifier starts at the log-odds of the labels, once."""

import numpy as np
import pytest
import torch
from helpers.runners import make_runner

from mmpretrain_mlml import LabelPriorHook
from mmpretrain_mlml.datasets.statistics import LabelCounts, count_labels
from mmpretrain_mlml.hooks.recipe.label_prior_hook import log_odds

HOOKS = {
    'custom_hooks': [
        {'type': 'mmpretrain_mlml.LabelPriorHook', 'smoothing': 0.5},
        {'type': 'mmpretrain_mlml.WeightAverageHook'},
    ],
    'optim_wrapper': {'optimizer': {'lr': 0.0}},  # the biases at the end are those at the start
    'param_scheduler': None,
    'train_cfg': {'max_epochs': 1},
}


def test_log_odds_are_smoothed():
    counts = LabelCounts(np.array([0, 3, 10]), np.array([10, 9, 10]))
    expected = torch.tensor([0.5 / 10.5, 3.5 / 6.5, 10.5 / 0.5], dtype=torch.float64).log()
    torch.testing.assert_close(log_odds(counts, smoothing=0.5), expected)


@pytest.mark.parametrize('resume', [False, True], ids=['new', 'resumed without a checkpoint'])
def test_model_and_average_start_at_the_log_odds(resume, tmp_path):
    runner = make_runner(tmp_path, **HOOKS, resume=resume)
    runner.train()
    expected = log_odds(count_labels(runner.train_dataloader.dataset), 0.5).float()
    assert expected.std() > 0.1
    torch.testing.assert_close(runner.model.head.fc.bias.detach(), expected)
    average = next(hook.ema_model for hook in runner.hooks if hasattr(hook, 'ema_model'))
    torch.testing.assert_close(average.module.head.fc.bias.detach(), expected)


@pytest.mark.parametrize(
    ('kind', 'unknown'),
    [('Hill', 'ignore'), ('Hill', 'negative'), ('Hill', 'unobserved'), ('PASL', 'select')],
)
def test_unobserved_labels_count_as_absent_if_the_loss_trains_them_so(kind, unknown, tmp_path):
    loss = {'type': kind, 'unknown': unknown, '_delete_': True}
    data = {'dataset': {'protocol': 'full', 'unknown': 0.5}}
    runner = make_runner(tmp_path, **HOOKS, train_dataloader=data, model={'head': {'loss': loss}})
    runner.train()
    counts = count_labels(runner.train_dataloader.dataset)
    known = counts.known if unknown == 'ignore' else np.full(10, 48)
    expected = log_odds(LabelCounts(counts.present, known), 0.5).float()
    assert (counts.known < 40).all()
    torch.testing.assert_close(runner.model.head.fc.bias.detach(), expected)


@pytest.mark.parametrize('way', ['resume', 'load_from'])
def test_trained_classifier_keeps_its_biases(way, tmp_path):
    first = make_runner(tmp_path, **{**HOOKS, 'custom_hooks': []})
    first.train()
    trained = first.model.head.fc.bias.detach().clone()
    changes = {**HOOKS, 'train_cfg': {'max_epochs': 2}}
    changes |= {'resume': True} if way == 'resume' else {'load_from': str(tmp_path / 'epoch_1.pth')}
    changes['custom_hooks'] = changes['custom_hooks'][:1]
    second = make_runner(tmp_path, **changes)
    second.train()
    assert second.iter == 6
    torch.testing.assert_close(second.model.head.fc.bias.detach(), trained)


def _head_alone(state):
    return {key: value for key, value in state.items() if key.startswith('head.')}


def _of_other_classes(state):
    return {key: value[:4] if key.startswith('head.fc') else value for key, value in state.items()}


def _backbone_alone(state):
    return {key: value for key, value in state.items() if not key.startswith('head.')}


@pytest.mark.parametrize(
    ('change', 'trained'),
    [(_head_alone, True), (_of_other_classes, False), (_backbone_alone, False)],
)
def test_biases_are_set_unless_the_file_holds_the_classifier(change, trained, tmp_path):
    first = make_runner(tmp_path, **{**HOOKS, 'custom_hooks': []})
    state = {key: value + 1 for key, value in first.model.state_dict().items()}
    torch.save({'state_dict': change(state)}, tmp_path / 'other.pth')
    runner = make_runner(tmp_path, **HOOKS, load_from=str(tmp_path / 'other.pth'))
    runner.train()
    prior = log_odds(count_labels(runner.train_dataloader.dataset), 0.5).float()
    expected = state['head.fc.bias'] if trained else prior
    torch.testing.assert_close(runner.model.head.fc.bias.detach(), expected)


def test_biases_are_set_beside_a_pretrained_backbone(tmp_path):
    first = make_runner(tmp_path, **HOOKS)
    torch.save(first.model.backbone.state_dict(), tmp_path / 'backbone.pth')
    pretrained = {'type': 'Pretrained', 'checkpoint': str(tmp_path / 'backbone.pth')}
    runner = make_runner(tmp_path, **HOOKS, model={'backbone': {'init_cfg': pretrained}})
    runner.train()
    expected = log_odds(count_labels(runner.train_dataloader.dataset), 0.5).float()
    torch.testing.assert_close(runner.model.head.fc.bias.detach(), expected)


def test_the_message_says_which_number_of_classes_to_set(tmp_path):
    runner = make_runner(tmp_path, **HOOKS, model={'head': {'num_classes': 9}})
    with pytest.raises(ValueError, match=r'has 9: set model\.head\.num_classes=10$'):
        runner.train()


def test_head_without_such_a_layer_is_refused(tmp_path):
    runner = make_runner(tmp_path, **HOOKS)
    runner.model.head.fc = torch.nn.Linear(16, 10, bias=False)
    with pytest.raises(ValueError, match=r'10 classes in the MultiLabelLinearClsHead, got Linear'):
        runner.train()


def test_smoothing_must_be_positive():
    with pytest.raises(ValueError, match='smoothing'):
        LabelPriorHook(smoothing=0)
