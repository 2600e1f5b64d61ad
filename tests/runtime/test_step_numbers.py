"""What is looked at after a step: each weight once, whatever wraps the model."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from mmpretrain_mlml.runtime.step_numbers import StepNumbers


class Sums:
    """A hook that has read some weights; see runtime.protocols.SumsSquares."""

    def __init__(self, **sums):
        self.sums = sums

    def squares_after(self, iteration):
        return self.sums if iteration == 0 else {}


def look(model, *hooks):
    runner = SimpleNamespace(
        model=model, hooks=hooks, optim_wrapper=SimpleNamespace(), iter=0, epoch=0
    )
    step = StepNumbers.look(runner, {}, {'loss': torch.tensor(1.0)})
    return dict(zip(step.names, step.good.tolist(), strict=True)), step.wrong(runner)


@pytest.mark.parametrize('wrap', [lambda model: model, nn.DataParallel])
def test_a_sum_stands_for_its_weight(wrap):
    model = wrap(nn.Linear(3, 2))
    prefix = 'weight module.' if wrap is nn.DataParallel else 'weight '
    sums = Sums(weight=torch.tensor(torch.inf), other=torch.tensor(torch.nan))
    good, wrong = look(model, sums, object())
    assert good == {f'{prefix}weight': False, f'{prefix}bias': True, 'loss': True}
    assert not wrong  # looked at again: the weight itself is finite


def test_all_weights_may_have_been_read():
    model = nn.Linear(3, 2, bias=False)
    model.weight.data[1, 2] = torch.nan
    assert look(model, Sums(weight=torch.tensor(torch.nan)))[1] == ['weight weight']
    assert look(model) == ({'weight weight': False, 'loss': True}, ['weight weight'])
