"""--resume takes the latest checkpoint that is intact, and says which one is not."""

import os

import mmengine.runner._flexible_runner as flexible_runner
import mmengine.runner.runner as mmengine_runner
import pytest
import torch

NAMES = {
    'epochs': ['epoch_8.pth', 'epoch_9.pth', 'epoch_10.pth'],
    'iterations': ['iter_800.pth', 'iter_900.pth', 'iter_1000.pth'],
    'names of a user': ['ep8.pt', 'ep9.pt', 'ep10.pt'],
    'an interruption': ['epoch_8.pth', 'epoch_9.pth', 'interrupted.pth'],
}


def damage(path):
    content = bytearray(path.read_bytes())
    content[-700] ^= 1  # inside a part, or in the list of parts
    content[content.index(b'data/0') + 400] ^= 1
    path.write_bytes(content)


@pytest.fixture(params=NAMES)
def checkpoints(tmp_path, request):
    """Three checkpoints, of which the last one is to be resumed from."""
    paths = [tmp_path / name for name in NAMES[request.param]]
    for path in paths:
        torch.save({'w': torch.zeros(900)}, path)
    later = tmp_path / 'epoch_11.pth'  # of an earlier run in this folder: not the one before
    if request.param == 'epochs':
        torch.save({'w': torch.zeros(900)}, later)
    torch.save({'w': torch.zeros(900)}, tmp_path / 'best_acc_epoch_9.pth')
    (tmp_path / 'last_checkpoint').write_text(str(paths[-1]))
    return paths


@pytest.mark.parametrize('module', [mmengine_runner, flexible_runner])
def test_the_last_intact_one_is_taken(checkpoints, module):
    folder = str(checkpoints[0].parent)
    assert module.find_latest_checkpoint(folder) == str(checkpoints[2])
    for number in (2, 1):
        damage(checkpoints[number])
        assert module.find_latest_checkpoint(path=folder) == str(checkpoints[number - 1])
    damage(checkpoints[0])
    with pytest.raises(RuntimeError, match=rf'cannot resume: .*{checkpoints[2].name} is damaged'):
        module.find_latest_checkpoint(folder)


def test_the_damaged_one_and_the_one_taken_are_named(tmp_path, monkeypatch):
    import mmpretrain_mlml.repairs.damaged_files as damaged_files

    said = []
    monkeypatch.setattr(damaged_files, 'print_log', lambda text, *_: said.append(text))
    for name in ('epoch_1.pth', 'epoch_2.pth'):
        torch.save({'w': torch.zeros(900)}, tmp_path / name)
    damage(tmp_path / 'epoch_2.pth')
    damaged_files.intact_or_earlier(tmp_path / 'epoch_2.pth')
    (text,) = said
    assert f'{tmp_path / "epoch_2.pth"} is damaged (Bad CRC-32' in text
    assert f'resuming from {tmp_path / "epoch_1.pth"}' in text


@pytest.mark.parametrize('seconds', [0, -1000])
def test_the_times_of_the_files_make_no_difference(checkpoints, seconds):
    """Checkpoints of equal time, and of a clock that jumps back with each of them."""
    for number, path in enumerate(checkpoints):
        os.utime(path, (1e9 + number * seconds,) * 2)
    folder = checkpoints[0].parent
    assert mmengine_runner.find_latest_checkpoint(str(folder)) == str(checkpoints[2])
    damage(checkpoints[2])
    assert mmengine_runner.find_latest_checkpoint(str(folder)) == str(checkpoints[1])
