"""A checkpoint cannot make a runner execute its config."""

import pytest
import torch
from helpers.runners import make_runner
from mmengine.runner import Runner

from mmpretrain_mlml.repairs.loading import load_from_local
from mmpretrain_mlml.repairs.sanitising import sanitised


def test_a_config_inside_a_checkpoint_is_never_run(tmp_path, marker, load):
    make_runner(tmp_path).train()
    path = tmp_path / 'epoch_3.pth'
    checkpoint = load_from_local(path)
    checkpoint['meta']['config'] = f"open({str(marker)!r}, 'w')\nx = 1\n"
    torch.save(checkpoint, path)
    runner = make_runner(tmp_path, resume=True, train_cfg={'max_epochs': 4})
    runner.train()
    assert runner.epoch == 4
    assert not marker.exists()


def write_checkpoint(runner, path):
    """Write what a runner resumes from, as if it had trained one epoch of three iterations."""
    runner.message_hub.update_info('best_ckpt', '/elsewhere/best.pth')
    state = {
        'state_dict': runner.model.state_dict(),
        'message_hub': runner.message_hub.state_dict(),
    }
    torch.save({**state, 'meta': {'epoch': 1, 'iter': 3, 'config': 'x = 1'}}, path)


def test_only_resuming_changes_what_is_loaded(tmp_path):
    runner, path = make_runner(tmp_path), str(tmp_path / 'x.pth')
    write_checkpoint(runner, path)
    loaded = runner.load_checkpoint(filename=path)
    assert loaded['meta']['config'] == 'x = 1'
    assert loaded['message_hub']['runtime_info']['best_ckpt'] == '/elsewhere/best.pth'


def test_a_checkpoint_without_messages_loads(tmp_path):
    state = make_runner(tmp_path).model.state_dict()
    checkpoint = {'state_dict': state, 'meta': {}, 'message_hub': None}
    torch.save(checkpoint, tmp_path / 'x.pth')
    assert make_runner(tmp_path).load_checkpoint(str(tmp_path / 'x.pth'))['message_hub'] is None
    assert sanitised({'meta': None}) == {'meta': None}


class Subclass(Runner):
    """A runner of a user that adds to the loading of checkpoints."""

    def load_checkpoint(self, filename, **kwargs):
        return super().load_checkpoint(filename=filename, **kwargs)


def test_a_subclass_calls_by_keyword_and_through_super(tmp_path):
    runner, path = make_runner(tmp_path), str(tmp_path / 'x.pth')
    write_checkpoint(runner, path)
    runner.__class__ = Subclass
    runner.resume(filename=path, map_location='cpu')
    assert (runner.epoch, runner.iter) == (1, 3)
    assert runner.load_checkpoint(path)['meta']['epoch'] == 1


@pytest.mark.parametrize(
    ('text', 'kept'),
    [
        ('gpu_ids = [0, 3]\nx = open("marker", "w")', 'gpu_ids = [0, 3]\n'),
        ('gpu_ids = range(0, 1)', None),
        ('gpu_ids = [open("marker", "w")]', None),
        ('gpu_ids = 3', None),
        ('gpu_ids = ["x"]', None),
        ('no Python', None),
        ('', None),
        (None, None),
    ],
)
def test_of_a_config_the_numbers_of_gpus_remain(text, kept):
    """MMEngine compares them, and nothing else, with those of the run."""
    assert sanitised({'meta': {'config': text}})['meta'] == ({'config': kept} if kept else {})
