"""A flag of one process is known to all."""

import pytest
import torch

from mmpretrain_mlml.runtime import agreement
from mmpretrain_mlml.runtime.agreement import Agreement


@pytest.mark.parametrize('flag', [False, True])
@pytest.mark.parametrize('as_given', [bool, torch.tensor])
def test_one_process_keeps_its_flag(flag, as_given):
    asked = Agreement()
    assert asked.ask(as_given(flag))
    assert asked.answer() is flag
    assert asked.answer() is False  # once


@pytest.mark.parametrize(
    ('mine', 'theirs', 'expected'),
    [(False, 0, False), (False, 1, True), (True, 0, True), (True, 2, True)],
)
def test_flags_of_all_processes_are_combined(mine, theirs, expected, monkeypatch):
    monkeypatch.setattr(agreement, 'get_world_size', lambda: 3)
    monkeypatch.setattr(agreement, 'all_reduce', lambda count, op: count.add_(theirs))
    asked = Agreement()
    asked.ask(mine)
    assert asked.answer() is expected


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
@pytest.mark.parametrize('flag', [False, True])
def test_on_a_gpu_the_answer_is_copied_while_it_computes(flag):
    asked = Agreement()
    assert not asked.ask(torch.tensor(flag, device='cuda'))
    assert asked.answer() is flag
