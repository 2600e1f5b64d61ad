"""The weights in a checkpoint: the requested ones, finite, and fitting the model."""

import math

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
    weights,
)


def test_raw_and_averaged_weights_are_distinguished(tmp_path):
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
        for kind, expected in (('raw', raw), ('averaged', averaged)):
            state = read_weights(tmp_path / name, kind)
            assert state.keys() == expected.keys(), (name, kind)
            assert torch.equal(state['fc.bias'], expected['fc.bias']), (name, kind)
    with pytest.raises(ValueError, match='unknown weights'):
        read_weights(tmp_path / 'timm.pth', 'best')


def test_a_file_that_does_not_fit_is_refused_with_the_keys_that_differ():
    cfg = Config.fromfile(config('coco_0.4left_splc.py'))
    state = from_released(released_network().state_dict())
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


def test_only_a_request_that_is_not_met_is_a_warning(tmp_path, monkeypatch):
    warnings = []
    monkeypatch.setattr(weights, 'print_log', lambda message, *_: warnings.append(message))
    file = tmp_path / 'best.pth'
    torch.save({'state_dict': {'x': torch.zeros(1)}, 'meta': {'weights': 'raw'}}, file)
    assert list(read_weights(file)) == list(read_weights(file, 'raw')) == ['x']
    assert warnings == []
    assert list(read_weights(file, 'averaged')) == ['x']
    assert warnings == [f'{file} holds only the raw weights; using them']
