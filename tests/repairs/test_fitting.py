"""Weights that do not fit the model are refused by name."""

import pytest
import torch
from helpers.runners import make_runner


@pytest.mark.parametrize('how', ['init_cfg', 'load_from'])
def test_weights_of_another_network_are_refused_by_name(tmp_path, how):
    path = tmp_path / 'other.pth'
    torch.save({'state_dict': {f'blocks.{i}.w': torch.zeros(1) for i in range(9)}}, path)
    changes = {'load_from': str(path)} if how == 'load_from' else {'model': {'backbone': {
        'init_cfg': {'type': 'Pretrained', 'checkpoint': str(path)}}}}  # fmt: skip
    with pytest.raises(
        RuntimeError, match=r'other\.pth does not fit the model: none of its 9 names'
    ):
        make_runner(tmp_path, **changes).train()
    state = make_runner(tmp_path / 'part').model.backbone.state_dict()
    torch.save({'conv1.weight': state['conv1.weight']}, path)  # one that fits is enough
    if how == 'init_cfg':
        make_runner(tmp_path, **changes).train()
