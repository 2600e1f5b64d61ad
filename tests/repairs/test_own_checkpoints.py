"""A resumed run removes and publishes its own checkpoints as MMEngine does, and no other file."""

import pytest
import torch
from helpers.runners import VALIDATION, make_runner
from helpers.stock_runs import Scores, left
from helpers.stock_runs import make_runner as make_stock_runner
from mmengine.hooks import CheckpointHook

from mmpretrain_mlml.repairs.loading import load_from_local


@pytest.mark.parametrize('run', ['best_elsewhere', 'two_bests_elsewhere', 'best_with_template'])
def test_the_same_files_are_left_as_by_mmengine_alone(run, stock, repaired):
    """With folders and names other than the default, and several scores."""
    assert repaired[run] == stock[run]
    assert repaired[run]['epoch'] == 2


@pytest.fixture
def hook():
    return CheckpointHook(save_best='acc', max_keep_ckpts=2)


@pytest.mark.parametrize(
    'elsewhere', ['victim', 'victim/best_x.pth', 'run', 'run/epoch_1.pth', '.', '']
)
def test_a_checkpoint_cannot_name_what_is_removed(tmp_path, hook, elsewhere):
    (tmp_path / 'victim').mkdir()
    (tmp_path / 'victim/best_x.pth').write_text('important')
    runner = make_runner(tmp_path / 'run')
    runner.message_hub.update_info('best_ckpt', str(tmp_path / elsewhere))
    runner._has_loaded = True
    hook.before_train(runner)
    assert hook.best_ckpt_path is None
    assert 'best_ckpt' not in runner.message_hub.runtime_info


def test_what_the_program_itself_names_is_kept(tmp_path, hook):
    runner = make_runner(tmp_path / 'run')
    runner.message_hub.update_info('best_ckpt', 'mine')
    hook.before_train(runner)
    assert hook.best_ckpt_path == 'mine'


@pytest.mark.parametrize('name', ['best_acc_epoch_2.pth', 'best_a_b_ep2.pt'])
def test_a_best_checkpoint_of_its_own_folder_is_kept(tmp_path, hook, name):
    runner = make_runner(tmp_path / 'run')
    own = str(tmp_path / 'run' / name)
    runner.message_hub.update_info('best_ckpt', own)
    runner._has_loaded = True
    hook.before_train(runner)
    assert hook.best_ckpt_path == runner.message_hub.get_info('best_ckpt') == own


def test_a_best_checkpoint_is_found_in_a_moved_folder(tmp_path):
    checkpoint = {'save_best': 'acc', 'published_keys': ['state_dict']}
    make_stock_runner(tmp_path / 'old', 1, checkpoint).train()
    (tmp_path / 'old').rename(tmp_path / 'run')
    for published in (tmp_path / 'run').glob('*-*.pth'):
        published.unlink()
    Scores.score = -5  # so that the earlier one stays the best
    runner = make_stock_runner(tmp_path / 'run', 2, checkpoint, resume=True)
    runner.train()
    assert runner.message_hub.get_info('best_ckpt') == str(tmp_path / 'run/best_acc_epoch_1.pth')
    assert 'run/best_acc_epoch_1-SHA.pth' in left(tmp_path, runner)['files']


def test_steps_of_checkpoints_to_remove_are_numbers(tmp_path):
    victim = tmp_path / 'victim.pth'
    victim.write_text('important')
    run = tmp_path / 'run'
    make_runner(run).train()
    (run / 'epoch_x').mkdir()
    checkpoint = load_from_local(run / 'epoch_3.pth')
    checkpoint['message_hub']['runtime_info']['keep_ckpt_ids'] = ['x/../../victim', 1, 2, 3]
    torch.save(checkpoint, run / 'epoch_3.pth')
    make_runner(run, resume=True, train_cfg={'max_epochs': 4}).train()
    assert victim.exists()
    assert not (run / 'epoch_1.pth').exists()  # as there are four


def test_a_resumed_run_leaves_a_folder_elsewhere(tmp_path):
    changes = {**VALIDATION, 'default_hooks': {'checkpoint': {'save_best': 'multi-label/mAP'}}}
    run, victim = tmp_path / 'run', tmp_path / 'best_of_mine'
    victim.mkdir()
    make_runner(run, **changes, train_cfg={'max_epochs': 1}).train()
    checkpoint = load_from_local(run / 'epoch_1.pth')
    checkpoint['message_hub']['runtime_info'].update(best_ckpt=str(victim), best_score=-1.0)
    torch.save(checkpoint, run / 'epoch_1.pth')
    make_runner(run, **changes, train_cfg={'max_epochs': 2}, resume=True).train()
    assert victim.is_dir()
    assert len(list(run.glob('best_*.pth'))) == 2  # the first one is no longer known
