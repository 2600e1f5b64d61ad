"""A run that resumes with other numbers stands where a run that always had them would stand."""

import pytest
import torch
from helpers.toy_runs import Stop, toy_run

from mmpretrain_mlml.runtime.run_identity import OtherRunError

BY_EPOCH = {'by_epoch': True, 'convert_to_iter_based': True}
ONE_CYCLE = {
    'type': 'mmpretrain_mlml.OneCycle', 'eta_max': 0.01, 'total_steps': 3, 'end': 3, 'pct_start': 0.4,
    **BY_EPOCH,
}  # fmt: skip
WARM_UP = {'type': 'LinearLR', 'start_factor': 0.1, 'by_epoch': False}
SCHEDULES = {
    'one-cycle': ONE_CYCLE,
    'one-cycle that ends before the training': {**ONE_CYCLE, 'total_steps': 2, 'end': 2},
    'one-cycle of MMEngine': {
        'type': 'OneCycleLR', 'eta_max': 0.01, 'total_steps': 3, 'end': 3, **BY_EPOCH
    },
    'cosine after warm-up': [
        {'type': 'LinearLR', 'start_factor': 0.1, 'end': 1, **BY_EPOCH},
        {'type': 'CosineAnnealingLR', 'begin': 1, 'T_max': 2, 'eta_min': 1e-5, **BY_EPOCH},
    ],
    'by epoch, after iterations of warm-up': [
        {'type': 'MultiStepLR', 'milestones': [1, 2]}, {**WARM_UP, 'end': 2},
    ],
    'as long as the training': {'type': 'PolyLR', 'power': 2, 'by_epoch': False},
    'restarts': {
        'type': 'CosineRestartLR', 'periods': [1, 2], 'restart_weights': [1, 0.5], 'eta_min': 0.0,
        **BY_EPOCH,
    },
    'momentum': [
        {'type': 'CosineAnnealingMomentum', 'T_max': 3, **BY_EPOCH},
        {'type': 'CosineAnnealingLR', 'T_max': 3, **BY_EPOCH},
    ],
    'steps': {'type': 'StepLR', 'step_size': 1, **BY_EPOCH},
}  # fmt: skip


@pytest.mark.parametrize('batch', [8, 24])  # of 16 before: twice the iterations, and two thirds
@pytest.mark.parametrize('name', SCHEDULES)
def test_after_an_epoch_the_schedule_is_that_of_the_new_length(name, batch, tmp_path):
    schedule = {'param_scheduler': SCHEDULES[name]}
    other = {'train_dataloader.batch_size': batch, **schedule}
    expected, _ = toy_run(tmp_path / 'straight', **other)
    toy_run(tmp_path / 'run', Stop(epoch=2), **schedule)
    resumed, runner = toy_run(tmp_path / 'run', resume=True, **other)
    length = 48 // batch
    last = range(2 * length, 3 * length)
    assert resumed.rates == {iteration: expected.rates[iteration] for iteration in last}
    assert resumed.samples == {iteration: expected.samples[iteration] for iteration in last}
    assert runner.iter == 3 * length


def test_other_images_lengthen_the_schedule_and_the_checkpoint_after_it_is_of_the_new_length(
    tmp_path,
):
    schedule = {'param_scheduler': ONE_CYCLE}
    more = {'train_dataloader.dataset.size': 80, **schedule}
    expected, _ = toy_run(tmp_path / 'straight', **more)
    toy_run(tmp_path / 'run', Stop(epoch=1), **schedule)
    toy_run(tmp_path / 'run', Stop(epoch=2), resume=True, **more)
    resumed, _ = toy_run(tmp_path / 'run', resume=True, **more)
    assert resumed.rates == {iteration: expected.rates[iteration] for iteration in range(10, 15)}


@pytest.mark.parametrize('counts', [(1, 2), (2, 1), (3, 2)])
def test_accumulated_iterations_are_counted_in_updates(counts, tmp_path):
    before, after = (
        {
            'param_scheduler': ONE_CYCLE,
            'train_dataloader.batch_size': 8,  # six iterations
            'optim_wrapper.accumulative_counts': count,
        }
        for count in counts
    )
    expected, _ = toy_run(tmp_path / 'straight', **after)
    toy_run(tmp_path / 'run', Stop(epoch=1), **before)
    resumed, _ = toy_run(tmp_path / 'run', resume=True, **after)
    assert resumed.rates == {iteration: expected.rates[iteration] for iteration in range(6, 18)}


def test_summed_updates_end_with_their_epochs(tmp_path):
    options = {
        'param_scheduler': ONE_CYCLE,
        'optim_wrapper.accumulative_counts': 2,
        'optim_wrapper.constructor': 'mmpretrain_mlml.SummedGradientsConstructor',
        'custom_hooks': [{'type': 'mmpretrain_mlml.WholeUpdatesHook'}],
    }
    other = {**options, 'train_dataloader.batch_size': 10}  # five iterations, three updates
    expected, _ = toy_run(tmp_path / 'straight', **other)
    toy_run(tmp_path / 'run', Stop(epoch=1), **options)
    resumed, _ = toy_run(tmp_path / 'run', resume=True, **other)
    assert resumed.rates == {iteration: expected.rates[iteration] for iteration in range(5, 15)}


def test_inside_an_epoch_the_images_not_yet_seen_follow(tmp_path):
    schedule = {'param_scheduler': ONE_CYCLE}
    other = {'train_dataloader.batch_size': 8, **schedule}
    expected, _ = toy_run(tmp_path / 'straight', **other)
    toy_run(tmp_path / 'run', Stop(iteration=5), **schedule)  # 32 images of the second epoch
    resumed, _ = toy_run(tmp_path / 'run', resume=True, **other)
    rest = range(6 + 4, 18)
    assert resumed.rates == {iteration: expected.rates[iteration] for iteration in rest}
    assert resumed.samples == {iteration: expected.samples[iteration] for iteration in rest}


@pytest.mark.parametrize(
    'change', [{'train_dataloader.batch_size': 12}, {'train_dataloader.dataset.size': 64}]
)
def test_inside_an_epoch_other_images_or_no_batch_at_the_place_are_refused(change, tmp_path):
    toy_run(tmp_path, Stop(iteration=5))
    with pytest.raises(OtherRunError, match=r'after 32 images, .* or from an epoch_\*\.pth'):
        toy_run(tmp_path, resume=True, **change)


def test_inside_an_update_it_is_refused(tmp_path):
    toy_run(tmp_path, Stop(epoch=1))
    with pytest.raises(OtherRunError, match=r'inside an update, after 1 of 2 iterations\. Resume'):
        toy_run(tmp_path, resume=True, **{'optim_wrapper.accumulative_counts': 2})


@pytest.mark.parametrize(
    'schedule',
    [
        {**WARM_UP, 'end': 8},
        {'type': 'ExponentialLR', 'gamma': 0.5, 'by_epoch': False},
        {'type': 'StepLR', 'step_size': 4, 'gamma': 0.1, 'by_epoch': False},
        {
            **ONE_CYCLE,
            'by_epoch': False,
            'convert_to_iter_based': False,
            'total_steps': 9,
            'end': 9,
        },
    ],
    ids=lambda schedule: schedule['type'],
)
def test_a_schedule_in_iterations_that_would_jump_is_refused(schedule, tmp_path):
    toy_run(tmp_path, Stop(epoch=1), param_scheduler=schedule)
    other = {'train_dataloader.batch_size': 8, 'param_scheduler': schedule}
    with pytest.raises(
        OtherRunError, match=r'counts iterations would .* convert_to_iter_based=True'
    ):
        toy_run(tmp_path, resume=True, **other)


def test_a_schedule_that_is_written_for_the_new_length_is_followed(tmp_path):
    before, after = (
        {**ONE_CYCLE, 'by_epoch': False, 'convert_to_iter_based': False, 'total_steps': n, 'end': n}
        for n in (9, 18)
    )
    other = {'train_dataloader.batch_size': 8, 'param_scheduler': after}
    expected, _ = toy_run(tmp_path / 'straight', **other)
    toy_run(tmp_path / 'run', Stop(epoch=1), param_scheduler=before)
    resumed, _ = toy_run(tmp_path / 'run', resume=True, **other)
    assert resumed.rates == {iteration: expected.rates[iteration] for iteration in range(6, 18)}


def test_a_scaled_learning_rate_is_that_of_the_new_batch(tmp_path):
    scaled = {'auto_scale_lr': {'base_batch_size': 16, 'enable': True}}
    options = {'param_scheduler': SCHEDULES['as long as the training'], **scaled}
    other = {'train_dataloader.batch_size': 8, **options}
    expected, _ = toy_run(tmp_path / 'straight', **other)
    toy_run(tmp_path / 'run', Stop(epoch=1), **options)
    resumed, _ = toy_run(tmp_path / 'run', resume=True, **other)
    assert resumed.rates == {iteration: expected.rates[iteration] for iteration in range(6, 18)}


def test_a_longer_training_follows_its_own_schedule(tmp_path):
    """MMEngine would train the other three epochs at the last learning rate of the first three."""
    schedule = {'param_scheduler': {'type': 'CosineAnnealingLR', **BY_EPOCH}}
    longer = {'train_cfg.max_epochs': 6, **schedule}
    expected, _ = toy_run(tmp_path / 'straight', **longer)
    toy_run(tmp_path / 'run', **schedule)
    resumed, _ = toy_run(tmp_path / 'run', resume=True, **longer)
    assert resumed.rates == {iteration: expected.rates[iteration] for iteration in range(9, 18)}


def test_iterations_of_an_iteration_based_loop_are_counted_on(tmp_path):
    options = {
        'train_cfg': {'type': 'IterBasedTrainLoop', 'max_iters': 8, 'val_interval': 100},
        'train_dataloader.sampler': {'type': 'InfiniteSampler', 'shuffle': True},
        'default_hooks.checkpoint': {'by_epoch': False, 'interval': 4},
        'param_scheduler': {'type': 'PolyLR', 'by_epoch': False},
    }
    straight, _ = toy_run(tmp_path / 'straight', **options)
    toy_run(tmp_path / 'run', Stop(iteration=6), **options)
    resumed, runner = toy_run(
        tmp_path / 'run', resume=True, **options, **{'train_dataloader.batch_size': 8}
    )
    assert runner.iter == 8
    assert resumed.rates == {iteration: straight.rates[iteration] for iteration in range(6, 8)}


@pytest.mark.parametrize('stop', [{'epoch': 2}, {'iteration': 5}])
def test_with_the_same_numbers_nothing_is_converted(stop, tmp_path):
    schedule = {'param_scheduler': ONE_CYCLE}
    straight, whole = toy_run(tmp_path / 'straight', **schedule)
    toy_run(tmp_path / 'run', Stop(**stop), **schedule)
    resumed, runner = toy_run(tmp_path / 'run', resume=True, **schedule)
    assert resumed.rates.items() <= straight.rates.items()
    assert torch.equal(runner.model.fc.weight, whole.model.fc.weight)
