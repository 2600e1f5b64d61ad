"""FlexibleRunner, which FSDP needs, treats checkpoints as safely as the plain runner."""

from pathlib import Path

import torch
from helpers.runners import VALIDATION, make_runner
from mmengine.registry import RUNNERS

from mmpretrain_mlml.repairs.loading import load_from_local


def flexible(work_dir, **changes):
    cfg = make_runner(work_dir, **VALIDATION, **changes).cfg
    cfg.experiment_name += '-flexible'
    cfg.runner_type = 'FlexibleRunner'
    cfg.strategy = {'type': 'SingleDeviceStrategy'}
    cfg.default_hooks.checkpoint.save_best = 'multi-label/mAP'
    return RUNNERS.build(cfg)


def test_it_resumes_and_does_not_run_the_config_in_a_checkpoint(tmp_path):
    flexible(tmp_path, train_cfg={'max_epochs': 2}).train()
    path, marker = tmp_path / 'epoch_2.pth', tmp_path / 'marker'
    checkpoint = load_from_local(path)
    assert (checkpoint['meta']['epoch'], checkpoint['meta']['iter']) == (2, 6)
    checkpoint['meta']['config'] = f"open({str(marker)!r}, 'w')\nx = 1\n"
    victim = tmp_path / 'elsewhere' / 'best.pth'
    checkpoint['message_hub']['runtime_info'].update(best_ckpt=str(victim), best_score=0.0)
    victim.parent.mkdir()
    victim.touch()
    torch.save(checkpoint, path)
    runner = flexible(tmp_path, train_cfg={'max_epochs': 3}, resume=True)
    runner.train()
    assert (runner.epoch, runner.iter) == (3, 9)
    assert not marker.exists()
    assert victim.exists()


def test_its_checkpoints_are_written_atomically(tmp_path, monkeypatch):
    from mmpretrain_mlml.checkpoints import AtomicLocalBackend

    written, put = [], AtomicLocalBackend.put
    monkeypatch.setattr(
        AtomicLocalBackend, 'put', lambda *args: (written.append(Path(args[2]).name), put(*args))
    )
    flexible(tmp_path, train_cfg={'max_epochs': 1}).train()
    assert 'epoch_1.pth' in written
