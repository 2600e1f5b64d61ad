"""A resumed run that is not the run of its checkpoint is told so, or refused before its first step."""

import re

import pytest
import torch
from helpers.toy_runs import Stop, toy_run

from mmpretrain_mlml.repairs.loading import load_from_local
from mmpretrain_mlml.runtime.run_identity import OtherRunError

LOSS = 'model.head'
SPLC = {'type': 'ToyHead', 'loss': {'type': 'mmpretrain_mlml.SPLC', 'tau': 0.6}}
BCE = {'type': 'ToyHead', 'loss': {'type': 'mmpretrain_mlml.BCE'}}
ROWS = [{'type': 'mmpretrain_mlml.LossDataHook'}]


@pytest.fixture
def interrupted(tmp_path):
    """Train one of three epochs; return the work directory."""

    def train(**changes):
        toy_run(tmp_path, Stop(epoch=1), **{LOSS: SPLC, **changes})
        return tmp_path

    return train


def resume(work_dir, **changes):
    return toy_run(work_dir, resume=True, **{LOSS: SPLC, **changes})


def identity(path) -> dict:
    return load_from_local(str(path))['meta']['run']


def test_the_same_run_resumes_without_a_word(interrupted, capfd):
    work_dir = interrupted()
    capfd.readouterr()
    _, runner = resume(work_dir, log_level='INFO')
    assert runner.iter == 9
    text = capfd.readouterr().out
    assert 'differs' not in text
    assert 'resumed with' not in text


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        ({LOSS: BCE}, "loss: type 'SPLC' before, 'BCE' now"),
        ({'model.head.loss.tau': 0.7}, 'loss: tau 0.6 before, 0.7 now'),
        ({'model.head.loss.margin': 0.5}, "loss: margin 'unset' before, 0.5 now"),
        ({'train_dataloader.dataset.labels': 1}, r"data: labels '\w{16}' before, '\w{16}' now"),
        ({'train_dataloader.dataset.names': 'b'}, "data: image_names '.*' before, '.*' now"),
        ({'optim_wrapper.optimizer.weight_decay': 0.1}, 'optimiser: weight_decay 0 before, 0.1 now'),
        ({'optim_wrapper.type': 'mmengine.optim.AmpOptimWrapper', 'optim_wrapper.dtype': 'bfloat16'},
         "optimiser: wrapper 'OptimWrapper' before, 'AmpOptimWrapper' now"),
        ({'param_scheduler': {'type': 'PolyLR'}}, 'schedule: 0 None before, .*PolyLR'),
    ],
)  # fmt: skip
def test_what_can_be_meant_is_a_warning_that_names_both_sides(change, text, interrupted, capfd):
    work_dir = interrupted()
    capfd.readouterr()
    _, runner = resume(work_dir, **change)
    assert runner.iter == 9
    said = capfd.readouterr().out
    assert re.search(rf'WARNING - this run differs from .*: {text}', said), said
    assert '--accept-changes' in said


def test_accepted_changes_are_logged_and_from_then_on_belong_to_the_run(interrupted, capfd):
    work_dir = interrupted()
    capfd.readouterr()
    accept = {'default_hooks.run_identity.accept_changes': True, 'log_level': 'INFO'}
    toy_run(work_dir, Stop(epoch=2), resume=True, **{LOSS: BCE, **accept})
    assert "INFO - this run differs from the one that wrote the checkpoint: loss: type 'SPLC' " in (
        capfd.readouterr().out
    )
    assert identity(work_dir / 'epoch_2.pth')['loss'] == {'type': 'BCE'}
    resume(work_dir, **{LOSS: BCE})
    assert 'differs' not in capfd.readouterr().out


@pytest.mark.parametrize(
    ('change', 'text'),
    [
        ({'optim_wrapper.optimizer': {'type': 'SGD', 'lr': 0.1, '_delete_': True}},
         "cannot resume: optimiser 'Adam' before, 'SGD' now"),
        ({'model.classes': 4, 'train_dataloader.dataset.classes': 4},
         'number of classes 3 before, 4 now'),
        ({'model.classes': 4},
         r'fc\.weight \(3, 4\) in the checkpoint, \(4, 4\) now; fc\.bias \(3,\) '),
        ({'model.extra': True}, 'optimiser with 2 parameters in 1 groups before, 4 parameters in 1'),
        ({'train_cfg': {'type': 'IterBasedTrainLoop', 'max_iters': 9}},
         "training loop 'EpochBasedTrainLoop' before, 'IterBasedTrainLoop' now"),
    ],
)  # fmt: skip
def test_what_cannot_be_continued_is_refused_before_the_first_step(change, text, interrupted):
    work_dir = interrupted()
    with pytest.raises(OtherRunError, match=rf'{text}.*load_from=FILE'):
        resume(work_dir, **change)


def test_weights_that_would_stay_random_are_refused_whatever_wrote_the_checkpoint(tmp_path):
    toy_run(tmp_path, Stop(epoch=1), **{'default_hooks.run_identity': None})
    path = tmp_path / 'epoch_1.pth'
    checkpoint = load_from_local(str(path))
    del checkpoint['state_dict']['fc.bias']
    torch.save(checkpoint, path)
    with pytest.raises(
        OtherRunError, match=r'lacks 1 entries .* initial values: fc\.bias\. Resume'
    ):
        toy_run(tmp_path, resume=True)


def test_a_checkpoint_without_identity_resumes_as_in_mmengine_and_the_log_says_so(tmp_path, capfd):
    options = {'param_scheduler': {'type': 'PolyLR', 'by_epoch': False}}
    toy_run(tmp_path, Stop(epoch=1), **{'default_hooks.run_identity': None}, **options)
    other = {'train_dataloader.batch_size': 8, 'log_level': 'INFO', **options}
    resumed, _ = toy_run(tmp_path, resume=True, **other)
    assert min(resumed.rates) == 3
    assert 'the checkpoint does not say which run it belongs to' in capfd.readouterr().out


@pytest.mark.parametrize('run', ['x', {}, {'lengths': {'images': 0}}, {'lengths': [1, 2]},
                                 {'lengths': {'images': '9' * 99, 'batch': 1.5}}])  # fmt: skip
def test_an_identity_of_another_form_is_none(run, interrupted):
    path = interrupted() / 'epoch_1.pth'
    checkpoint = load_from_local(str(path))
    checkpoint['meta']['run'] = run
    torch.save(checkpoint, path)
    assert resume(path.parent)[1].iter == 9


def test_names_in_a_checkpoint_are_data(interrupted, capfd):
    path = interrupted() / 'epoch_1.pth'
    checkpoint = load_from_local(str(path))
    checkpoint['meta']['run']['loss']['type'] = '\x1b[31m' + 'x' * 1000
    torch.save(checkpoint, path)
    capfd.readouterr()
    resume(path.parent)
    text = capfd.readouterr().out
    assert '\x1b[31mxx' not in text
    assert 'x' * 100 not in text
    assert r"type '\x1b[31mxxx" in text


def test_the_best_file_and_weights_alone_are_left_to_others(interrupted):
    work_dir = interrupted()
    weights = load_from_local(str(work_dir / 'epoch_1.pth'))['state_dict']
    torch.save({'state_dict': weights, 'meta': {}}, work_dir / 'best.pth')
    with pytest.raises(RuntimeError, match='holds weights alone'):
        resume(work_dir, load_from=str(work_dir / 'best.pth'))


def test_an_identity_is_small_and_plain(interrupted):
    run = identity(interrupted() / 'epoch_1.pth')
    parts = {'data', 'validation', 'loss', 'network', 'optimiser', 'schedule', 'lengths'}
    assert set(run) == parts
    assert len(repr(run)) < 2000
    assert run['data']['images'] == 48
    assert run['loss'] == {'type': 'SPLC', 'tau': 0.6}


def test_without_the_hook_mmengine_resumes_as_before(tmp_path):
    """Importing the package changes no run of others."""
    plain = {
        'default_hooks.run_identity': None,
        'default_hooks.checkpoint': {'type': 'CheckpointHook', 'interval': 1, '_delete_': True},
        'param_scheduler': {'type': 'PolyLR', 'by_epoch': False},
    }
    toy_run(tmp_path, Stop(epoch=1), **plain)
    resumed, _ = toy_run(tmp_path, resume=True, **plain, **{'train_dataloader.batch_size': 8})
    assert min(resumed.rates) == 3
