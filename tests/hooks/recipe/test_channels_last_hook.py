import pytest
import torch
from helpers.support import make_runner

HOOK = [{'type': 'mmpretrain_mlml.ChannelsLastHook'}]
WIDE = {
    'backbone': {'base_channels': 16, 'stem_channels': 16},
    'head': {'in_channels': 128, 'loss': {'type': 'mmpretrain_mlml.BCE'}},
}


def test_weights_keep_their_values_and_put_channels_last_while_they_train(tmp_path):
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


def test_a_network_too_narrow_for_it_is_refused(tmp_path):
    runner = make_runner(tmp_path, custom_hooks=HOOK)
    with pytest.raises(ValueError, match=r'backbone\.conv1 gives 2 channels.*fewer than 16'):
        runner.train()
