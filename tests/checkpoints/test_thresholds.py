"""Thresholds in checkpoint files."""

import numpy as np
import pytest
import torch
from helpers.toy_runs import toy_run, toy_runner

from mmpretrain_mlml.checkpoints import (
    CheckpointError,
    read_stored_thresholds,
    read_weights,
    store_thresholds,
)
from mmpretrain_mlml.repairs.loading import load_from_local

CLASSES = ['0', '1', '2']


def test_a_copy_holds_everything_and_the_thresholds(tmp_path):
    toy_run(tmp_path / 'run')
    source, tuned = tmp_path / 'run/epoch_2.pth', tmp_path / 'deeper/tuned.pth'
    before = source.read_bytes()
    store_thresholds(source, tuned, CLASSES, [0.1, 0.2, 0.3], {'goal': 'micro_f1'})
    expected = {'classes': CLASSES, 'thresholds': [0.1, 0.2, 0.3], 'goal': 'micro_f1'}
    assert read_stored_thresholds(tuned) == expected
    assert read_stored_thresholds(source) is None
    assert source.read_bytes() == before
    assert [path.name for path in tuned.parent.iterdir()] == ['tuned.pth']
    one, other = load_from_local(source), load_from_local(tuned)
    assert one.keys() == other.keys()
    assert one['meta'].keys() | {'thresholds'} == other['meta'].keys()
    straight, resumed = toy_runner(tmp_path / 'run'), toy_runner(tmp_path / 'again')
    for runner, file in ((straight, source), (resumed, tuned)):
        runner._load_from, runner._resume = str(file), True
        runner.train()
    for key, value in straight.model.state_dict().items():
        assert torch.equal(value, resumed.model.state_dict()[key])
    assert read_stored_thresholds(tmp_path / 'again/epoch_3.pth') is None  # other probabilities


def test_bare_weights_become_a_checkpoint(tmp_path):
    torch.save({'fc.bias': torch.ones(3)}, tmp_path / 'bare.pth')
    store_thresholds(tmp_path / 'bare.pth', tmp_path / 'a.pth', CLASSES, np.full(3, 0.5))
    store_thresholds(tmp_path / 'a.pth', tmp_path / 'b.pth', CLASSES, np.full(3, 0.25))
    assert read_weights(tmp_path / 'b.pth')['fc.bias'].tolist() == [1, 1, 1]
    assert read_stored_thresholds(tmp_path / 'b.pth')['thresholds'] == [0.25] * 3


def test_nothing_is_replaced_and_nothing_bad_is_written(tmp_path):
    source, out = tmp_path / 'x.pth', tmp_path / 'out.pth'
    torch.save({'state_dict': {'x': torch.ones(1)}, 'meta': []}, source)
    with pytest.raises(CheckpointError, match=r'x\.pth: expected a dictionary as meta, got list'):
        store_thresholds(source, out, CLASSES, [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match='each of 3 classes'):
        store_thresholds(source, out, CLASSES, [0.1, 0.2])
    with pytest.raises(FileNotFoundError, match='no checkpoint'):
        store_thresholds(tmp_path / 'no.pth', out, CLASSES, [0.1, 0.2, 0.3])
    assert not out.exists()
    with pytest.raises(FileExistsError, match='give another name'):
        store_thresholds(source, source, CLASSES, [0.1, 0.2, 0.3])
