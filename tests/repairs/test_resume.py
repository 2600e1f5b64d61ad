"""The checkpoint to resume from is found in the folder, or its absence is reported."""

import pytest
import torch
from helpers.runners import make_runner

from mmpretrain_mlml.repairs.resume import find_latest_checkpoint


def test_a_pointer_to_nothing_finds_an_earlier_file_or_says_so(tmp_path):
    assert find_latest_checkpoint(str(tmp_path)) is None
    pointer = tmp_path / 'last_checkpoint'
    pointer.write_text(str(tmp_path / 'epoch_12.pth'))
    with pytest.raises(FileNotFoundError, match=r'names .*epoch_12\.pth, which does not exist'):
        find_latest_checkpoint(str(tmp_path))
    for name in ('epoch_9.pth', 'epoch_10.pth', 'best_multi-label_mAP_epoch_11.pth'):
        (tmp_path / name).touch()
    assert find_latest_checkpoint(str(tmp_path)) == str(tmp_path / 'epoch_10.pth')
    for damage in (
        b'',
        b'\x00' * 9,
        b'\xff',
    ):  # a process killed, or the power gone, while it wrote
        pointer.write_bytes(damage)
        assert find_latest_checkpoint(str(tmp_path)) == str(tmp_path / 'epoch_10.pth')
    pointer.write_text('s3://bucket/epoch_12.pth')
    assert find_latest_checkpoint(str(tmp_path)) == 's3://bucket/epoch_12.pth'


@pytest.mark.parametrize('extra', [{}, {'meta': {}}, {'meta': {'epoch': 1, 'iter': 3}}])
def test_weights_alone_are_refused_with_a_way_to_use_them(tmp_path, extra):
    """A bare state, a converted checkpoint, and a best checkpoint."""
    state = make_runner(tmp_path).model.state_dict()
    torch.save({'state_dict': state, **extra}, tmp_path / 'best.pth')
    runner = make_runner(tmp_path, load_from=str(tmp_path / 'best.pth'), resume=True)
    with pytest.raises(RuntimeError, match=r'best\.pth holds weights alone.*load_from=FILE'):
        runner.train()


def test_resuming_from_nothing_says_so(run_tool, tmp_path):
    text = run_tool(
        'python', 'tools/train.py', 'configs/digits_full_bce.py', '--work-dir', tmp_path, '--resume',
        '--no-validate', '--cfg-options', 'train_dataloader.dataset.size=64', 'train_cfg.max_epochs=1',
    )  # fmt: skip
    assert f'no checkpoint in {tmp_path} to resume from: training starts at the first epoch' in text
