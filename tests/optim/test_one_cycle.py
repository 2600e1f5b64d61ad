"""The schedule of the recipe: learning rate and beta1, stepped once an optimiser update."""

import pytest
import torch
from helpers.runners import make_runner
from mmengine.config import Config
from mmengine.optim import OptimWrapper, build_optim_wrapper
from mmengine.registry import PARAM_SCHEDULERS
from torch import nn

from mmpretrain_mlml import config

pytestmark = pytest.mark.filterwarnings('ignore:Detected call of `scheduler.step')


def build(optimizer, epoch_length, **changes):
    cfg = dict(Config.fromfile(config('coco_0.4left_splc.py')).param_scheduler)
    scheduler = PARAM_SCHEDULERS.get(cfg.pop('type'))
    assert cfg.pop('convert_to_iter_based')
    cfg.update(changes)
    return scheduler.build_iter_from_epoch(optimizer=optimizer, epoch_length=epoch_length, **cfg)


def test_lr_and_beta1_equal_the_released_schedule(official):
    cfg = Config.fromfile(config('coco_0.4left_splc.py')).optim_wrapper
    wrapper = build_optim_wrapper(nn.Linear(2, 2), cfg)
    scheduler = build(wrapper, official['one_cycle']['steps_per_epoch'])
    step = 0
    for iteration, lr, beta1 in official['one_cycle']['rows']:
        while step < iteration:
            scheduler.step()
            step += 1
        for group in wrapper.optimizer.param_groups:
            assert group['lr'] == pytest.approx(lr, abs=1e-9)
            assert group['betas'] == (pytest.approx(beta1, abs=1e-9), 0.999)
    assert step > 19_000


@pytest.mark.parametrize('kind', [torch.optim.Adam, torch.optim.SGD])
def test_schedule_equals_the_one_cycle_of_torch(kind):
    ours, theirs = (kind(nn.Linear(1, 1).parameters(), lr=1e-4) for _ in range(2))
    reference = torch.optim.lr_scheduler.OneCycleLR(theirs, 1e-4, 400, pct_start=0.2)
    scheduler = build(ours, 5)
    for _ in range(399):
        (a,), (b,) = ours.param_groups, theirs.param_groups
        assert a['lr'] == pytest.approx(b['lr'], abs=1e-12)
        if kind is torch.optim.Adam:
            assert a['betas'] == pytest.approx(b['betas'], abs=1e-12)
        else:
            assert a['momentum'] == pytest.approx(b['momentum'], abs=1e-12)
        scheduler.step()
        reference.step()


def test_steps_are_updates_under_gradient_accumulation():
    net = nn.Linear(1, 1)
    plain = OptimWrapper(torch.optim.Adam(net.parameters()))
    counted = OptimWrapper(torch.optim.Adam(net.parameters()), accumulative_counts=4)
    a, b = build(plain, 3), build(counted, 11)  # 11 iterations are 3 updates
    assert a.total_steps == b.total_steps == 240
    for _ in range(6):
        for _ in range(4):
            counted.update_params(net(torch.ones(1, 1)).sum())
            b.step()
        plain.update_params(net(torch.ones(1, 1)).sum())
        a.step()
        assert a.last_step == b.last_step
        assert plain.param_groups[0]['betas'] == counted.param_groups[0]['betas']


def test_unsupported_settings_are_refused():
    with pytest.raises(ValueError, match='Adagrad has none'):
        build(torch.optim.Adagrad(nn.Linear(1, 1).parameters()), 5)
    with pytest.raises(ValueError, match=r'total_steps=5 leaves no step for the rise'):
        build(torch.optim.Adam(nn.Linear(1, 1).parameters()), 1, total_steps=5, end=5)
    with pytest.raises(ValueError, match='three_phase'):
        build(torch.optim.Adam(nn.Linear(1, 1).parameters()), 5, three_phase=True)


def test_resumed_run_continues_the_cycle(tmp_path):
    def beta1(work_dir, max_epochs, **changes):
        schedule = {
            'type': 'mmpretrain_mlml.OneCycle', 'eta_max': 1e-3, 'total_steps': 6, 'end': 6,
            'by_epoch': True, 'convert_to_iter_based': True, 'base_momentum': 0.85,
            'max_momentum': 0.95,
        }  # fmt: skip
        runner = make_runner(
            work_dir, param_scheduler=schedule, train_cfg={'max_epochs': max_epochs}, **changes
        )
        runner.train()
        return runner.optim_wrapper.optimizer.param_groups[0]['betas'][0], runner.iter

    straight = beta1(tmp_path / 'straight', 4)
    assert straight[1] == 12
    assert beta1(tmp_path / 'a', 2)[0] != straight[0]
    assert beta1(tmp_path / 'a', 4, resume=True) == straight


def test_highest_rate_is_that_of_the_optimiser_by_default():
    net = nn.Linear(1, 1)
    groups = [{'params': [net.weight], 'lr': 1e-2}, {'params': [net.bias]}]
    adam = torch.optim.Adam(groups, lr=1e-3)
    scheduler = build(adam, 5)
    highest = [0, 0]
    for _ in range(400):
        highest = [max(pair) for pair in zip(highest, (g['lr'] for g in adam.param_groups))]
        scheduler.step()
    assert highest == pytest.approx([1e-2, 1e-3])


@pytest.mark.parametrize('name', ['coco_0.4left_splc.py', 'digits_0.4left_splc.py'])
def test_auto_scale_lr_scales_the_cycle(name):
    """In the order of the runner: the learning rate of the optimiser, then the scheduler."""
    cfg = Config.fromfile(config(name))
    wrapper = build_optim_wrapper(nn.Linear(1, 1), cfg.optim_wrapper)
    lr = wrapper.optimizer.param_groups[0]['lr']
    for group in wrapper.optimizer.param_groups:
        group['lr'] = lr / 4
    schedule = {k: v for k, v in cfg.param_scheduler.items() if k != 'convert_to_iter_based'}
    kind = PARAM_SCHEDULERS.get(schedule.pop('type'))
    kind.build_iter_from_epoch(optimizer=wrapper, epoch_length=100, **schedule)
    assert wrapper.optimizer.param_groups[0]['lr'] == pytest.approx(lr / 4 / 25)
