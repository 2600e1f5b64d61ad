"""A flag of one process is known to all."""

import pytest
import torch

from mmpretrain_mlml.runtime import agreement
from mmpretrain_mlml.runtime.agreement import Agreement


@pytest.mark.parametrize('flag', [False, True])
@pytest.mark.parametrize('as_given', [bool, torch.tensor])
def test_one_process_keeps_its_flag(flag, as_given):
    asked = Agreement()
    assert asked.ask(as_given(flag), about='step 1') == ('step 1' if flag else None)
    assert asked.answer() is None  # given once


@pytest.mark.parametrize(
    ('mine', 'theirs', 'expected'),
    [(False, 0, None), (False, 1, 'step 1'), (True, 0, 'step 1'), (True, 2, 'step 1')],
)
def test_flags_of_all_processes_are_combined(mine, theirs, expected, monkeypatch):
    monkeypatch.setattr(agreement, 'get_world_size', lambda: 3)
    monkeypatch.setattr(agreement, 'all_reduce', lambda count, op: count.add_(theirs))
    assert Agreement().ask(mine, about='step 1') == expected


def test_an_answer_that_is_late_is_given_in_the_next_step(monkeypatch):
    monkeypatch.setattr(Agreement, 'is_late', staticmethod(lambda flag: True))
    asked = Agreement()
    given = [asked.ask(flag, about) for about, flag in enumerate([False, True, False, True])]
    assert given == [None, None, 1, None]
    assert asked.answer() == 3


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
@pytest.mark.parametrize('flag', [False, True])
def test_on_a_gpu_the_answer_is_copied_while_it_computes(flag):
    asked = Agreement()
    assert asked.ask(torch.tensor(flag, device='cuda'), about='step 1') is None
    assert asked.answer() == ('step 1' if flag else None)
