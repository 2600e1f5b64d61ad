"""A checkpoint cannot make a runner execute its config or delete files elsewhere."""

import torch
from helpers.runners import make_runner


def test_a_checkpoint_cannot_name_a_folder_to_delete(tmp_path, load):
    run, victim = tmp_path / 'run', tmp_path / 'victim'
    run.mkdir()
    victim.mkdir()
    (victim / 'work.pth').write_text('important')
    make_runner(run).train()
    checkpoint = torch.load(run / 'epoch_3.pth', weights_only=True)
    for target in (victim, victim / 'work.pth', run):
        checkpoint['message_hub']['runtime_info']['best_ckpt'] = str(target)
        checkpoint['message_hub']['resumed_keys']['best_ckpt'] = True
        torch.save(checkpoint, run / 'epoch_3.pth')
        runner = make_runner(run)
        assert (
            'best_ckpt'
            not in runner.load_checkpoint(str(run / 'epoch_3.pth'))['message_hub']['runtime_info']
        )
    own = run / 'best_multi-label_mAP_epoch_2.pth'
    checkpoint['message_hub']['runtime_info']['best_ckpt'] = str(own)
    torch.save(checkpoint, run / 'epoch_3.pth')
    loaded = make_runner(run).load_checkpoint(str(run / 'epoch_3.pth'))
    assert loaded['message_hub']['runtime_info']['best_ckpt'] == str(own)


def test_steps_of_checkpoints_to_delete_are_numbers(tmp_path, load):
    victim = tmp_path / 'victim.pth'
    victim.write_text('important')
    run = tmp_path / 'run'
    make_runner(run).train()
    (run / 'epoch_x').mkdir()
    checkpoint = torch.load(run / 'epoch_3.pth', weights_only=True)
    checkpoint['message_hub']['runtime_info']['keep_ckpt_ids'] = ['x/../../victim', 1, 2, 3]
    torch.save(checkpoint, run / 'epoch_3.pth')
    make_runner(run, resume=True, train_cfg={'max_epochs': 4}).train()
    assert victim.exists()
    assert not (run / 'epoch_1.pth').exists()  # as there are four


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
