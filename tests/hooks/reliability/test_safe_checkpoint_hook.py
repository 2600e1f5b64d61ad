"""There is always a complete checkpoint to resume from."""

import errno
import os
import stat
from pathlib import Path

import pytest
import torch
from helpers.runners import VALIDATION, make_runner

from mmpretrain_mlml.checkpoints import AtomicLocalBackend
from mmpretrain_mlml.repairs.loading import load_from_local
from mmpretrain_mlml.repairs.resume import find_latest_checkpoint

VALIDATED = {
    **VALIDATION,
    'default_hooks': {'checkpoint': {'save_best': 'multi-label/mAP', 'max_keep_ckpts': 2}},
    'model': {'head': {'loss': {'type': 'mmpretrain_mlml.BCE', '_delete_': True}}},
    'optim_wrapper': {'optimizer': {'lr': 1e-2}},
}


class FullDisk:
    """os.fsync that fails once, at the n-th file."""

    def __init__(self, fails_at):
        self.fails_at, self.writes, self.real = fails_at, 0, os.fsync

    def __call__(self, descriptor):
        self.writes += not is_folder(descriptor)
        if self.writes == self.fails_at and not is_folder(descriptor):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.real(descriptor)


def is_folder(descriptor):
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def run(folder, epochs=2, **changes):
    changes['train_cfg'] = {'max_epochs': epochs}
    runner = make_runner(folder, **VALIDATED, **changes)
    runner.train()
    return runner


def test_full_disk_leaves_a_checkpoint_to_resume_from(tmp_path, monkeypatch):
    straight = FullDisk(fails_at=-1)
    monkeypatch.setattr(os, 'fsync', straight)
    run(tmp_path / 'straight')
    assert straight.writes >= 4  # two epochs, one best at least and its note in the epoch's file
    expected = load_from_local(tmp_path / 'straight/epoch_2.pth')['state_dict']
    for failing in range(1, straight.writes + 1):
        folder = tmp_path / f'fails{failing}'
        monkeypatch.setattr(os, 'fsync', FullDisk(failing))
        with pytest.raises(OSError, match=r'could not write .*\.pth \(No space left') as caught:
            run(folder)
        assert caught.value.errno == errno.ENOSPC
        for file in folder.glob('*.pth'):
            assert load_from_local(file)['state_dict'].keys() == expected.keys()
        latest = find_latest_checkpoint(str(folder))
        assert (latest is None) == (failing == 1)
        run(folder, resume=True)
        resumed = load_from_local(folder / 'epoch_2.pth')['state_dict']
        assert all(torch.equal(resumed[key], value) for key, value in expected.items())
        assert not list(folder.glob('.*.part'))


def test_old_checkpoint_is_removed_after_the_new_one_is_complete(tmp_path, monkeypatch):
    kept, put = [], AtomicLocalBackend.put

    def watch(self, obj, filepath):
        kept.append({path.name for path in tmp_path.glob('*.pth')})
        put(self, obj, filepath)

    monkeypatch.setattr(AtomicLocalBackend, 'put', watch)
    run(tmp_path, epochs=5)
    epochs = [{name for name in names if name.startswith('epoch')} for names in kept]
    assert {'epoch_3.pth', 'epoch_4.pth'} in epochs  # two are kept while the fifth is written
    bests = [[name for name in names if name.startswith('best')] for names in kept]
    assert all(bests[bests.index(next(filter(None, bests))) :])  # once there is a best, always
    left = {path.name for path in tmp_path.glob('*.pth')}
    assert {name for name in left if name.startswith('epoch')} == {'epoch_4.pth', 'epoch_5.pth'}
    assert len([name for name in left if name.startswith('best')]) == 1


def test_unfinished_file_of_a_killed_process_is_removed(tmp_path):
    part = tmp_path / '.epoch_9.pth.part'
    part.write_bytes(b'half')
    make_runner(tmp_path).train()
    assert not part.exists()
    assert (tmp_path / 'epoch_3.pth').is_file()


def test_moved_work_directory_resumes_and_keeps_its_best(tmp_path):
    run(tmp_path / 'old')
    (tmp_path / 'old').rename(tmp_path / 'new')
    assert find_latest_checkpoint(str(tmp_path / 'new')) == str(tmp_path / 'new/epoch_2.pth')
    runner = make_runner(tmp_path / 'new', **VALIDATED, resume=True)
    runner.train()
    assert runner.iter == 9
    assert not (tmp_path / 'old').exists()
    assert len(list((tmp_path / 'new').glob('best_*.pth'))) == 1
    assert Path(runner.message_hub.get_info('best_ckpt')).parent == tmp_path / 'new'
