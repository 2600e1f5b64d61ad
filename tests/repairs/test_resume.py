"""The checkpoint to resume from is found in the folder, or its absence is reported."""

import shutil

import pytest

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


def test_checkpoints_are_found_as_by_mmengine_alone(stock, repaired):
    """Folders, and files in out_dir, also where the work directory has one of the same name."""
    assert repaired['pointers'] == stock['pointers']


def test_a_moved_or_copied_folder_finds_its_own_checkpoint(tmp_path):
    first, copy = tmp_path / 'first', tmp_path / 'copy'
    (first / 'epoch_1.pth').mkdir(parents=True)
    (first / 'last_checkpoint').write_text(str(first / 'epoch_1.pth'))
    shutil.copytree(first, copy)
    for _ in range(2):
        assert find_latest_checkpoint(str(copy)) == str(copy / 'epoch_1.pth')
        if first.exists():
            shutil.rmtree(first)


def test_resuming_from_nothing_says_so(run_tool, tmp_path):
    text = run_tool(
        'python', 'tools/train.py', 'configs/digits_full_bce.py', '--work-dir', tmp_path, '--resume',
        '--no-validate', '--cfg-options', 'train_dataloader.dataset.size=64', 'train_cfg.max_epochs=1',
    )  # fmt: skip
    assert f'no checkpoint in {tmp_path} to resume from: training starts at the first epoch' in text
