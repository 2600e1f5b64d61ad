"""The layout of weights in memory, and nothing else, is changed."""

import pytest
import torch
from helpers.runners import make_runner

HOOK = [{'type': 'mmpretrain_mlml.ChannelsLastHook'}]
WIDE = {
    'backbone': {'base_channels': 16, 'stem_channels': 16},
    'head': {'in_channels': 128, 'loss': {'type': 'mmpretrain_mlml.BCE'}},
}


def test_weights_keep_values_and_stay_channels_last(tmp_path):
    runner = make_runner(tmp_path, custom_hooks=HOOK, model=WIDE)
    before = {key: value.clone() for key, value in runner.model.state_dict().items()}
    runner.call_hook('before_run')
    for key, value in runner.model.state_dict().items():
        assert torch.equal(value, before[key]), key
    runner.train()
    kernels = [p for p in runner.model.parameters() if p.ndim == 4 and min(p.shape[1:]) > 1]
    assert kernels
    assert all(p.is_contiguous(memory_format=torch.channels_last) for p in kernels)
    assert all(torch.isfinite(p).all() for p in kernels)


def test_narrow_network_is_refused_on_a_cpu(tmp_path):
    runner = make_runner(tmp_path, custom_hooks=HOOK)
    message = r'backbone\.conv1 has 2 output channels.*fewer than 16'
    with pytest.raises(ValueError, match=message):
        runner.train()
