"""All weights of a resumed network come from the checkpoint."""

import pytest
import torch
from torch import nn

from mmpretrain_mlml.runtime.loaded_weights import require_all_weights
from mmpretrain_mlml.runtime.run_identity import OtherRunError


def network() -> nn.Module:
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 3))
    net.register_buffer('constant', torch.zeros(1), persistent=False)
    return net


def test_all_weights_may_be_loaded_again_and_again():
    net, weights = network(), network().state_dict()
    require_all_weights(net, weights)
    net.load_state_dict(weights, strict=False)
    net.load_state_dict({}, strict=False)  # checked once only


def test_missing_weights_are_named():
    net, weights = network(), network().state_dict()
    del weights['0.bias'], weights['1.running_mean']
    require_all_weights(net, weights)
    with pytest.raises(
        OtherRunError, match=r'lacks 2 entries .*: 0\.bias, 1\.running_mean\. Resume'
    ):
        net.load_state_dict(weights, strict=False)


def test_counts_of_batches_may_be_missing():
    net, weights = network(), network().state_dict()
    del weights['1.num_batches_tracked']
    require_all_weights(net, weights)
    net.load_state_dict(weights, strict=False)


def test_other_shapes_are_named_at_once():
    weights = {f'module.{name}': value for name, value in network().state_dict().items()}
    weights['module.2.weight'] = torch.zeros(5, 2)
    with pytest.raises(
        OtherRunError, match=r'another size: 2\.weight \(5, 2\) in .*, \(3, 2\) now\.'
    ):
        require_all_weights(network(), weights)


def test_entries_that_the_network_renames_are_there():
    net = network()

    def rename(module, state_dict, *_):
        for name in list(state_dict):
            state_dict[name.removeprefix('old.')] = state_dict.pop(name)

    net.register_load_state_dict_pre_hook(rename)
    weights = {f'old.{name}': value for name, value in network().state_dict().items()}
    require_all_weights(net, weights)
    net.load_state_dict(weights, strict=False)
