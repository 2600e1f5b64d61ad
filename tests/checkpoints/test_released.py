"""The released trainer's checkpoints: the same scores after conversion, and back again."""

import pytest
import torch
from helpers.released import released_network
from mmengine.config import Config

from mmpretrain_mlml import config
from mmpretrain_mlml.checkpoints import (
    CheckpointError,
    build_model,
    from_released,
    read_weights,
    to_released,
)


@pytest.fixture(scope='module')
def net():
    return released_network()


@pytest.fixture(scope='module')
def cfg():
    return Config.fromfile(config('coco_0.4left_splc.py'))


@pytest.fixture(scope='module')
def images():
    return torch.rand(2, 3, 96, 128, generator=torch.Generator().manual_seed(0))


LAYOUTS = {
    'bare': lambda state: state,
    'data parallel': lambda state: {f'module.{key}': value for key, value in state.items()},
    'average of data parallel': lambda state: {
        f'module.module.{key}': value for key, value in state.items()
    },
    'nested': lambda state: {'state_dict': state, 'epoch': 3},
}


@pytest.mark.parametrize('layout', LAYOUTS)
def test_a_converted_checkpoint_gives_the_same_scores(layout, net, cfg, images, tmp_path):
    torch.save(LAYOUTS[layout](net.state_dict()), tmp_path / 'released.ckpt')
    state = from_released(read_weights(tmp_path / 'released.ckpt'))
    model = build_model(cfg, state)
    with torch.no_grad():
        expected = net(images).sigmoid()
        converted = model.head(model.extract_feat(images)).sigmoid()
    assert expected.std() > 0.01
    torch.testing.assert_close(converted, expected, rtol=0, atol=1e-6)
    back = to_released(state)
    assert list(back) == list(net.state_dict())
    assert all(torch.equal(back[key], value) for key, value in net.state_dict().items())


def test_names_of_another_layout_are_refused():
    with pytest.raises(CheckpointError, match='names of MMPretrain already'):
        from_released({'backbone.conv1.weight': torch.zeros(1)})
    with pytest.raises(CheckpointError, match=r"no place for \['neck.x'\]"):
        to_released({'neck.x': torch.zeros(1), 'head.fc.bias': torch.zeros(1)})
