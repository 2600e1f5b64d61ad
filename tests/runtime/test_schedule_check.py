"""A schedule that ends before the training is told; one that is cut short is not."""

import pytest
from mmengine.config import Config

from mmpretrain_mlml import config
from mmpretrain_mlml.runtime.schedule_check import check_schedule


def changed(**options) -> Config:
    cfg = Config.fromfile(config('photos_0.4left_splc.py'))
    cfg.merge_from_dict(options)
    return cfg


def test_one_cycle_that_ends_before_the_training_says_how_to_stretch_it():
    assert check_schedule(changed(train_cfg={'max_epochs': 20})) == (
        'the schedule OneCycle ends after 6 of 20 epochs: the other 14 train at its last learning '
        'rate, which may be next to 0. To stretch the schedule: --cfg-options '
        'param_scheduler.total_steps=20 param_scheduler.end=20'
    )


@pytest.mark.parametrize('epochs', [1, 6])
def test_a_training_may_stop_before_its_schedule(epochs):
    assert check_schedule(changed(train_cfg={'max_epochs': epochs})) is None


WARM_UP = {'type': 'LinearLR', 'start_factor': 0.1, 'end': 2}


@pytest.mark.parametrize(
    ('scheduler', 'told'),
    [
        ([WARM_UP], False),
        ([WARM_UP, {'type': 'MultiStepLR', 'milestones': [3], 'end': 4}], False),
        ([WARM_UP, {'type': 'CosineAnnealingLR', 'begin': 2, 'end': 6, 'T_max': 4}], False),
        ([WARM_UP, {'type': 'CosineAnnealingLR', 'begin': 2, 'end': 5, 'T_max': 3}], True),
        ([WARM_UP, {'type': 'CosineAnnealingLR', 'T_max': 6}], False),
        ({'type': 'CosineAnnealingLR', 'T_max': 5, 'end': 5, 'eta_min': 1e-5}, False),
        ({'type': 'LinearLR', 'start_factor': 1.0, 'end_factor': 0.0, 'end': 5}, True),
        ([{'type': 'PolyLR', 'end': 3}, {'type': 'PolyLR', 'begin': 3, 'end': 6}], False),
        ({'type': 'PolyLR', 'end': 3, 'by_epoch': False}, False),  # another unit than the training
        (None, False),
    ],
)
def test_what_counts_is_whether_a_low_learning_rate_remains(scheduler, told):
    cfg = changed()
    cfg.param_scheduler = scheduler
    assert bool(check_schedule(cfg)) == told


def test_a_training_of_iterations_counts_updates():
    cfg = changed()
    cfg.train_cfg = {'by_epoch': False, 'max_iters': 100}
    cfg.param_scheduler = {'type': 'PolyLR', 'end': 50, 'by_epoch': False}
    assert 'after 50 of 100 updates' in check_schedule(cfg)
    cfg.optim_wrapper.accumulative_counts = 2
    assert check_schedule(cfg) is None
