"""The logged loss is that of all processes; real processes: tests/optim/test_summed_gradients.py."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import OptimWrapper

from mmpretrain_mlml import GlobalLossHook
from mmpretrain_mlml.hooks.monitoring import global_loss_hook
from mmpretrain_mlml.optim import SummedGradients


@pytest.fixture
def two_processes(monkeypatch):
    """A second process with twice the loss of the first one."""

    def all_reduce_dict(values, op):
        for value in values.values():
            value.mul_(3 if op == 'sum' else 1.5)

    monkeypatch.setattr(global_loss_hook, 'get_world_size', lambda: 2)
    monkeypatch.setattr(global_loss_hook, 'all_reduce_dict', all_reduce_dict)


def logged(wrapper, **outputs):
    runner = SimpleNamespace(optim_wrapper=object.__new__(wrapper))
    GlobalLossHook().after_train_iter(runner, 0, None, outputs)
    return outputs


@pytest.mark.usefixtures('two_processes')
def test_losses_are_averaged_where_gradients_are():
    assert logged(OptimWrapper, loss=torch.tensor(2.0))['loss'] == 3


@pytest.mark.usefixtures('two_processes')
def test_losses_are_summed_where_gradients_are():
    summed = type('Summed', (SummedGradients, OptimWrapper), {})
    assert logged(summed, loss=torch.tensor(2.0))['loss'] == 6


@pytest.mark.usefixtures('two_processes')
def test_only_tensors_are_reduced_and_gradients_keep_theirs():
    loss = torch.tensor(2.0, requires_grad=True)
    outputs = logged(OptimWrapper, loss=loss, lr=0.1)
    assert outputs['lr'] == 0.1
    assert loss == 2
    assert not outputs['loss'].requires_grad


def test_one_process_logs_its_own_loss():
    loss = torch.tensor(2.0)
    assert logged(OptimWrapper, loss=loss)['loss'] is loss
