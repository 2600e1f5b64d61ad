"""Compare what two runs leave: everything is the same to the bit, except times and paths."""

from pathlib import Path

import torch

import mmpretrain_mlml  # noqa: F401  lets torch.load read training state
from mmpretrain_mlml.repairs.loading import load_from_local


def assert_same_end(work_dir, expected_dir):
    names = {path.name for path in expected_dir.glob('*.pth')}
    assert {path.name for path in work_dir.glob('*.pth')} == names
    assert len([name for name in names if name.startswith('best')]) == 1
    for name in names:
        expected = load_from_local(expected_dir / name)
        actual = load_from_local(work_dir / name)
        assert actual.keys() == expected.keys()
        for part in ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers'):
            assert_same(actual.get(part), expected.get(part), f'{name}: {part}')
        for key in ('epoch', 'iter'):
            assert actual['meta'][key] == expected['meta'][key]
        if 'message_hub' in expected:
            hubs = [checkpoint['message_hub'] for checkpoint in (expected, actual)]
            first, second = (hub['runtime_info'] for hub in hubs)
            assert Path(second['best_ckpt']).name == Path(first['best_ckpt']).name
            for key in ('best_score', 'keep_ckpt_ids', 'last_validated'):
                assert second[key] == first[key], key
            losses = [hub['log_scalars']['train/loss']._log_history for hub in hubs]
            assert losses[1].tolist() == losses[0].tolist()


def assert_same(actual, expected, name):
    if isinstance(expected, dict):
        assert actual.keys() == expected.keys(), name
        for key in expected:
            assert_same(actual[key], expected[key], f'{name}.{key}')
    elif isinstance(expected, list):
        assert len(actual) == len(expected), name
        for index, value in enumerate(expected):
            assert_same(actual[index], value, f'{name}[{index}]')
    elif isinstance(expected, torch.Tensor):
        assert torch.equal(actual, expected), name
    else:
        assert actual == expected, name
