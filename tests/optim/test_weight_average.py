"""The average is that of MMEngine to the last bit, and its state is the same."""

import copy
import math

import pytest
import torch
from mmengine.model import ExponentialMovingAverage
from torch import nn

from mmpretrain_mlml.optim.weight_average import BLOCK, ForeachAverage


def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 1).double(), nn.Flatten()
    )


def large_network():
    """Return a network with a weight of several blocks, one of them incomplete."""
    return nn.Sequential(*network(), nn.Linear(601, 2 * BLOCK // 600))


def change(model):
    with torch.no_grad():
        for value in model.state_dict().values():
            value.add_(1 if not value.is_floating_point() else torch.randn_like(value))


@pytest.mark.parametrize('layout', [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize('options', [{}, {'update_buffers': True}, {'interval': 2}])
def test_equal_to_the_stock_average_bit_by_bit(options, layout):
    model = nn.Sequential(*large_network(), nn.Conv2d(256, 64, 3)).to(memory_format=layout)
    averages = [kind(model, 3e-4, **options) for kind in (ExponentialMovingAverage, ForeachAverage)]
    for _ in range(5):
        change(model)
        for average in averages:
            average.update_parameters(model)
    stock, own = (average.state_dict() for average in averages)
    assert list(stock) == list(own)
    assert all(torch.equal(stock[name], own[name]) for name in stock)
    assert not torch.equal(own['module.0.weight'], model[0].weight)


def test_a_stock_state_continues():
    model = network()
    stock = ExponentialMovingAverage(model, 0.1)
    own = ForeachAverage(model, 0.1)
    for average in (stock, stock, copy.deepcopy(own)):
        change(model)
        average.update_parameters(model)
    own.load_state_dict(stock.state_dict())
    change(model)
    for average in (stock, own):
        average.update_parameters(model)
    assert all(torch.equal(a, b) for a, b in zip(own.parameters(), stock.parameters()))


def test_one_operation_for_all_tensors(monkeypatch):
    calls = []
    lerp = torch._foreach_lerp_
    monkeypatch.setattr(
        torch, '_foreach_lerp_', lambda *args: (calls.append(len(args[0])), lerp(*args))
    )
    model = network()
    average = ForeachAverage(model, 0.1, update_buffers=True)
    for _ in range(3):  # the first copies
        average.update_parameters(model)
    assert calls == [8, 8]


def test_squares_of_large_tensors_are_summed_on_the_way():
    model = large_network()
    average = ForeachAverage(model, 0.1, update_buffers=True)
    for _ in range(2):
        average.update_parameters(model)
    ((name, found),) = average.squares.items()
    assert name == '4.weight'
    expected = average.module[4].weight.double().square().sum()
    torch.testing.assert_close(found.double(), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize('place', [0, BLOCK, -1])
@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_a_sum_of_squares_shows_a_number_that_is_not_finite(value, place):
    model = large_network()
    average = ForeachAverage(model, 3e-4)
    average.update_parameters(model)
    model[4].weight.data.view(-1)[place] = value
    average.update_parameters(model)
    assert not average.squares['4.weight'].isfinite()


@pytest.mark.parametrize('interval', [1, 2])
def test_no_sum_remains_from_an_earlier_update(interval):
    model = large_network()
    average = ForeachAverage(model, 0.1, interval=interval)
    sums = []
    for _ in range(4):
        average.update_parameters(model)
        sums.append(len(average.squares))
    assert sums == ([0, 1, 1, 1] if interval == 1 else [0, 0, 1, 0])


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
def test_half_precision_is_not_summed(dtype):
    """A sum of float16 overflows at once, and on a CPU both are slow."""
    model = large_network().to(dtype)
    average = ForeachAverage(model, 0.1)
    for _ in range(2):
        average.update_parameters(model)
    assert not average.squares
