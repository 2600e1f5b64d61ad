"""A flag of one process is known to all."""

import pytest

from mmpretrain_mlml.runtime import agreement
from mmpretrain_mlml.runtime.agreement import on_any_process


@pytest.mark.parametrize('flag', [False, True])
def test_one_process_keeps_its_flag(flag):
    assert on_any_process(flag) is flag


@pytest.mark.parametrize(
    ('mine', 'theirs', 'expected'),
    [(False, 0, False), (False, 1, True), (True, 0, True), (True, 2, True)],
)
def test_flags_of_all_processes_are_combined(mine, theirs, expected, monkeypatch):
    monkeypatch.setattr(agreement, 'get_world_size', lambda: 3)
    monkeypatch.setattr(agreement, 'all_reduce', lambda count, op: count.add_(theirs))
    assert on_any_process(mine) is expected
