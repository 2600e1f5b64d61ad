"""A checkpoint cannot make a runner execute its config."""

import torch
from helpers.runners import make_runner


def test_a_config_inside_a_checkpoint_is_never_run(tmp_path, marker, load):
    make_runner(tmp_path).train()
    path = tmp_path / 'epoch_3.pth'
    checkpoint = torch.load(path, weights_only=True)
    checkpoint['meta']['config'] = f"open({str(marker)!r}, 'w')\nx = 1\n"
    torch.save(checkpoint, path)
    runner = make_runner(tmp_path, resume=True, train_cfg={'max_epochs': 4})
    runner.train()
    assert runner.epoch == 4
    assert not marker.exists()
