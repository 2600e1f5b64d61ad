"""The released trainer's checkpoints: the same scores after conversion, and back again."""

import math

import pytest
import torch
from helpers.support import released_network
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
        found = model.head(model.extract_feat(images)).sigmoid()
    assert expected.std() > 0.01
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)
    back = to_released(state)
    assert list(back) == list(net.state_dict())
    assert all(torch.equal(back[key], value) for key, value in net.state_dict().items())


def test_raw_and_averaged_weights_are_told_apart(tmp_path):
    raw, averaged = ({'fc.bias': torch.full((2,), float(n))} for n in range(2))
    wrapped = {f'module.{key}': value for key, value in raw.items()}
    files = {
        # MMEngine saves the average as the model, and the raw weights in the average's place
        'epoch.pth': {
            'state_dict': averaged,
            'ema_state_dict': {**wrapped, 'steps': torch.tensor(3)},
            'optimizer': {},
            'meta': {},
        },
        'timm.pth': {'state_dict': raw, 'state_dict_ema': averaged},
    }
    for name, content in files.items():
        torch.save(content, tmp_path / name)
        for weights, expected in (('raw', raw), ('averaged', averaged)):
            found = read_weights(tmp_path / name, weights)
            assert found.keys() == expected.keys(), (name, weights)
            assert torch.equal(found['fc.bias'], expected['fc.bias']), (name, weights)
    with pytest.raises(ValueError, match='unknown weights'):
        read_weights(tmp_path / 'timm.pth', 'best')


def test_a_file_that_does_not_fit_is_refused_with_the_keys_that_differ(net, cfg):
    state = from_released(net.state_dict())
    del state['backbone.layer4.2.conv3.weight']
    state['backbone.layer5.0.conv1.weight'] = torch.zeros(1)
    state['head.fc.bias'] = torch.zeros(20)
    with pytest.raises(CheckpointError) as caught:
        build_model(cfg, state, 'x.pth')
    text = str(caught.value)
    assert 'x.pth does not fit' in text
    assert '1 missing in the file:\n  backbone.layer4.2.conv3.weight' in text
    assert '1 unknown to the model:\n  backbone.layer5.0.conv1.weight' in text
    assert 'head.fc.bias: (20,) in the file, (80,) in the model' in text


def test_weights_that_are_not_finite_are_refused_by_name(tmp_path):
    state = {
        'fine': torch.zeros(3),
        'count': torch.tensor(3),
        'broken': torch.tensor([0, math.nan]),
    }
    torch.save({'state_dict': state}, tmp_path / 'x.pth')
    with pytest.raises(CheckpointError, match=r'x\.pth: NaN or infinity in broken$'):
        read_weights(tmp_path / 'x.pth')


def test_what_is_not_a_checkpoint_says_so(tmp_path):
    torch.save([1, 2], tmp_path / 'list.pth')
    with pytest.raises(RuntimeError, match=r'list\.pth was refused: .*list in place of a dict'):
        read_weights(tmp_path / 'list.pth')
    torch.save({'epoch': 3}, tmp_path / 'none.pth')
    with pytest.raises(CheckpointError, match=r"no weights among the keys \['epoch'\]"):
        read_weights(tmp_path / 'none.pth')
    with pytest.raises(CheckpointError, match='names of MMPretrain already'):
        from_released({'backbone.conv1.weight': torch.zeros(1)})
    with pytest.raises(CheckpointError, match=r"no place for \['neck.x'\]"):
        to_released({'neck.x': torch.zeros(1), 'head.fc.bias': torch.zeros(1)})
