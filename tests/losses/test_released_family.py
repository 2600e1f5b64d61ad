"""Values and gradients of the released codes of the whole family, in float64.

The released codes of the single-positive losses add 1e-5 inside every logarithm. The exact formulas
here leave it out, so these cases are compared with the bound that the addition explains.
"""

import pytest
import torch
from helpers.reference import FAMILY_VALUES

import mmpretrain_mlml

CASES = FAMILY_VALUES['losses']


def released_loss(case):
    """The loss of a case, with all the state that it needs."""
    kwargs = dict(case['kwargs'])
    if case['loss'] == 'PASL' and 'class_prior' not in case:
        kwargs['prior_threshold'] = None
    if case['loss'] == 'ROLE':
        kwargs |= {'num_samples': len(case['table_logits']), 'num_classes': len(case['logits'][0])}
    loss = getattr(mmpretrain_mlml, case['loss'])(reduction='sum', **kwargs).double()
    if case['loss'] == 'ROLE':
        loss.labels.data.copy_(torch.tensor(case['table_logits'], dtype=torch.float64))
        loss.set_samples(torch.tensor(case['samples']), len(case['table_logits']))
    if 'epoch' in case:
        loss.set_epoch(case['epoch'], case['max_epochs'])
    if 'class_prior' in case:
        loss.set_class_prior(case['class_prior'])
    return loss


def divisor(case):
    """What turns our sum over the batch into the released reduction."""
    images, classes = len(case['logits']), len(case['logits'][0])
    return {
        'sum': 1,
        'mean over N*C': images * classes,
        'mean over classes with positives + mean over images with positives': images,
    }[case['reduction']]


@pytest.mark.parametrize('case', CASES, ids=lambda case: case['name'])
def test_value_and_gradient_are_the_released_ones(case):
    loss = released_loss(case)
    logits = torch.tensor(case['logits'], dtype=torch.float64, requires_grad=True)
    value = loss(logits, torch.tensor(case['targets'], dtype=torch.float64)) / divisor(case)
    value.backward()
    tolerance = 1e-3 if case.get('log_epsilon') else 1e-10
    assert value.item() == pytest.approx(case['value'], rel=0, abs=tolerance)
    expected = torch.tensor(case['grad'], dtype=torch.float64)
    torch.testing.assert_close(logits.grad, expected, rtol=0, atol=tolerance)
    if 'grad_table' in case:
        expected = torch.tensor(case['grad_table'], dtype=torch.float64)
        torch.testing.assert_close(loss.labels.grad, expected, rtol=0, atol=tolerance)


def test_every_case_of_the_family_is_compared():
    assert len(CASES) == 40
    assert {case['loss'] for case in CASES} == {
        'BCE', 'WAN', 'ANLS', 'EPR', 'Ignore', 'ROLE', 'EM', 'ASL', 'PASL', 'GR', 'LLR', 'LLCt',
        'TwoWay',
    }  # fmt: skip


def test_apl_selects_class_by_class_as_released():
    case = FAMILY_VALUES['apl_selection']
    logits = torch.tensor(case['logits'], dtype=torch.float64)
    target = torch.tensor(case['targets'], dtype=torch.float64)
    loss = mmpretrain_mlml.APL(warmup=case['warmup'], proportion=case['proportion'])
    loss.set_samples(torch.arange(len(logits)), len(logits))
    loss.set_epoch(case['warmup'] - 1, case['max_epochs'])
    loss(logits, target)
    loss.set_epoch(case['warmup'], case['max_epochs'])
    selected = loss.memory.get('pseudo') >= 0
    assert torch.equal(selected, torch.tensor(case['selected']).bool())


def test_llcp_turns_one_entry_fewer_than_k_as_released():
    logits = torch.arange(12.0).view(3, 4)
    loss = mmpretrain_mlml.LLCp(delta=100 * 5 / 12)
    loss.set_samples(torch.arange(3), 3)
    loss.set_epoch(1, 10)
    loss(logits, torch.zeros(3, 4))
    assert loss.memory.get('turned').flatten().nonzero().flatten().tolist() == [8, 9, 10, 11]
