"""A work directory that is deleted while a run trains in it."""

import shutil
import signal

import pytest
from helpers.runners import make_runner
from mmengine.hooks import Hook

from mmpretrain_mlml.repairs.loading import load_from_local
from mmpretrain_mlml.runtime.work_dir_watch import WorkDirWatch


class Delete(Hook):
    """Deletes the work directory in one iteration."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == 4:
            shutil.rmtree(runner.work_dir)


def test_a_run_whose_folder_is_deleted_stops_with_a_checkpoint(tmp_path, capfd):
    bce = {'head': {'loss': {'type': 'mmpretrain_mlml.BCE', '_delete_': True}}}
    runner = make_runner(tmp_path / 'run', model=bce, default_hooks={'logger': {'interval': 1}})
    runner.register_hook(WorkDirWatch(), 'HIGHEST')
    runner.register_hook(Delete())
    with pytest.raises(SystemExit) as caught:
        runner.train()
    assert caught.value.code == 128 + signal.SIGTERM
    saved = load_from_local(tmp_path / 'run/interrupted.pth')
    assert saved['meta']['iter'] == 5
    assert f'{tmp_path}/run was deleted while this run trained in it' in capfd.readouterr().out
    resumed = make_runner(tmp_path / 'run', model=bce, resume=True)
    resumed.train()
    assert resumed.iter == 9
