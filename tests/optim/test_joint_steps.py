"""Steps with joined groups are those of separate groups to the last bit; the groups stay."""

import copy

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from torch import nn
from torch.optim import SGD, Adam, AdamW, RMSprop

from mmpretrain_mlml.optim.joint_steps import joined, step_jointly


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 7), nn.LayerNorm(7), nn.Linear(7, 3), nn.Linear(3, 2))


def groups_of(model):
    return [
        {'params': [p], 'lr': 0.1 if p.ndim > 1 else 0.2, 'weight_decay': 0.01 * (p.ndim > 1)}
        for p in model.parameters()
    ]


def train(model, optimizer, seed=1):
    torch.manual_seed(seed)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)
    for _ in range(4):
        optimizer.zero_grad()
        model(torch.randn(6, 5)).square().sum().backward()
        optimizer.step()
        schedule.step()


@pytest.mark.parametrize('kind', [SGD, Adam, AdamW, RMSprop])
def test_weights_and_state_are_the_same_bit_by_bit(kind):
    options = {'momentum': 0.9} if kind is SGD else {}
    models = [network(), network()]
    optimizers = [kind(groups_of(model), **options) for model in models]
    step_jointly(optimizers[1])
    for model, optimizer in zip(models, optimizers):
        train(model, optimizer)
    assert all(torch.equal(a, b) for a, b in zip(*(m.parameters() for m in models)))
    states = [optimizer.state_dict() for optimizer in optimizers]
    assert states[0]['param_groups'] == states[1]['param_groups']
    torch.testing.assert_close(states[1], states[0], rtol=0, atol=0)


def test_groups_are_separate_again_after_a_step_that_failed(monkeypatch):
    model = network()
    optimizer = Adam(groups_of(model))
    step_jointly(optimizer)
    train(model, optimizer)
    before = [dict(group) for group in optimizer.param_groups]

    def fail(*_args, **_kwargs):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(optimizer, '_init_group', fail)
        with pytest.raises(MemoryError):
            optimizer.step()
    optimizer.step()
    assert [len(group['params']) for group in optimizer.param_groups] == [1] * len(before)
    assert len(optimizer.state_dict()['param_groups']) == len(before)


def test_a_state_of_separate_groups_continues():
    model = network()
    optimizer = Adam(groups_of(model))
    train(model, optimizer)
    other = copy.deepcopy(model)
    resumed = Adam(groups_of(other))
    step_jointly(resumed)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for pair in ((model, optimizer), (other, resumed)):
        train(*pair, seed=2)
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters()))


def test_parameters_of_equal_options_are_together():
    groups = groups_of(network())
    both = joined(groups)
    assert [len(group['params']) for group in both] == [3, 5]
    assert [group['lr'] for group in both] == [0.1, 0.2]
    assert all(len(group['params']) == 1 for group in groups)


def test_options_that_are_not_comparable_stay_apart():
    groups = groups_of(network())
    groups[1]['lr'] = torch.tensor(0.1)
    assert joined(groups) is groups
    groups = groups_of(network())
    groups[2]['name'] = 'head'
    assert joined(groups) is groups


@pytest.mark.slow
def test_a_compiled_step_is_as_before():
    models = [network(), network()]
    optimizers = [Adam(groups_of(model)) for model in models]
    step_jointly(optimizers[1])
    for model, optimizer in zip(models, optimizers):
        for index, parameter in enumerate(model.parameters()):
            parameter.grad = torch.full_like(parameter, 0.1 * index)
        compiled = torch.compile(lambda own: own.step(), backend='eager')
        for _ in range(2):
            compiled(optimizer)
        assert len(optimizer.param_groups) == 8
    assert all(torch.equal(a, b) for a, b in zip(*(m.parameters() for m in models)))


def test_the_recipe_steps_jointly():
    model = network()
    wrapper = build_optim_wrapper(
        model,
        {
            'type': 'OptimWrapper',
            'constructor': 'mmpretrain_mlml.SummedGradientsConstructor',
            'optimizer': {'type': 'Adam', 'lr': 0.1, 'weight_decay': 0.1},
            'paramwise_cfg': {'bias_decay_mult': 0.0, 'norm_decay_mult': 0.0},
        },
    )
    seen = []
    wrapper.optimizer.register_step_pre_hook(
        lambda optimizer, *_: seen.append(len(optimizer.param_groups))
    )
    wrapper.update_params(model(torch.randn(6, 5)).sum())
    assert seen == [2]
    assert len(wrapper.optimizer.param_groups) == 8
