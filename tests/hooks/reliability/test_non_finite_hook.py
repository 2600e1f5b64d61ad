"""NaN stops training with a message that locates it, and never reaches the disk."""

import math
import re

import pytest
import torch
from helpers.averaging import AVERAGED
from helpers.runners import make_runner
from mmengine.hooks import Hook
from torch import nn

from mmpretrain_mlml.hooks import NonFiniteError
from mmpretrain_mlml.optim.weight_average import BLOCK
from mmpretrain_mlml.repairs.loading import load_from_local
from mmpretrain_mlml.runtime.agreement import Agreement

BCE = {'head': {'loss': {'type': 'mmpretrain_mlml.BCE', '_delete_': True}}}


class Break(Hook):
    """Makes the loss, a gradient or a weight non-finite in one iteration."""

    def __init__(self, how, at):
        self.how, self.at = how, at

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter != self.at:
            return
        if self.how == 'loss':
            for image in data_batch['inputs']:
                image.fill_(0)
            runner.model.head.loss_module.loss_weight = math.nan
        elif self.how == 'gradient':
            weight = runner.model.head.fc.weight
            weight.register_hook(lambda grad: grad.fill_(math.inf))
        elif self.how == 'weight':
            runner.model.head.fc.bias.data[3] = math.nan


@pytest.fixture(params=['at once', 'a step later'])
def read(request, monkeypatch):
    """When the result of a step is read: at once on a CPU, a step later on a GPU."""
    monkeypatch.setattr(Agreement, 'is_late', lambda self, flag: request.param == 'a step later')


@pytest.mark.parametrize('at', [4, 5])  # 5: the last of its epoch
@pytest.mark.parametrize('how', ['loss', 'gradient', 'weight'])
def test_training_stops_in_the_iteration_with_a_full_message(tmp_path, how, at, read):
    runner = make_runner(tmp_path, model=BCE)
    runner.register_hook(Break(how, at=at))
    with pytest.raises(NonFiniteError) as caught:
        runner.train()
    text = str(caught.value)
    assert f'iteration {at + 1} (epoch 2) gave numbers that are not finite' in text
    assert ('loss = nan' if how == 'loss' else 'weight ') in text
    assert 'images ' in text
    assert f'The last checkpoint with good numbers: {tmp_path}/epoch_1.pth' in text
    assert [path.name for path in tmp_path.glob('*.pth')] == ['epoch_1.pth']


def test_images_whose_pixels_are_not_finite_are_named_alone(tmp_path):
    class Spoil(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            self.name = data_batch['data_samples'][12].sample_idx
            data_batch['inputs'] = [image.float() for image in data_batch['inputs']]
            data_batch['inputs'][12][0, 3, 3] = math.nan

    amp = {
        'type': 'AmpOptimWrapper',
        'dtype': 'bfloat16',
    }  # skips the update, and has a loss all the same
    runner = make_runner(tmp_path, model=BCE, optim_wrapper=amp)
    runner.register_hook(spoil := Spoil())
    with pytest.raises(
        NonFiniteError, match='loss = nan; images with pixels that are not'
    ) as caught:
        runner.train()
    assert f'; images with pixels that are not finite: {spoil.name}. The last' in str(caught.value)


def test_images_of_a_non_finite_accumulated_gradient_are_named(tmp_path):
    class FirstSample(Hook):
        def before_train_iter(self, runner, batch_idx, data_batch=None):
            self.first = data_batch['data_samples'][0].sample_idx

    runner = make_runner(tmp_path, model=BCE, optim_wrapper={'accumulative_counts': 2})
    runner.register_hook(Break('gradient', at=4))
    runner.register_hook(recorder := FirstSample())
    match = r'iteration 5 .*process 0: gradient of head\.fc\.weight; images (\d+),'
    with pytest.raises(NonFiniteError, match=match) as caught:
        runner.train()
    assert re.search(match, str(caught.value))[1] == str(recorder.first)


def test_mixed_precision_may_skip_one_update_but_not_all(tmp_path):
    class Always(Hook):
        def before_train(self, runner):
            runner.model.head.fc.weight.register_hook(lambda grad: grad.fill_(math.inf))

    amp = {'type': 'AmpOptimWrapper', 'dtype': 'bfloat16'}
    runner = make_runner(tmp_path / 'once', model=BCE, optim_wrapper=amp)
    runner.register_hook(Break('gradient', at=8))  # the last iteration
    runner.train()
    runner = make_runner(
        tmp_path / 'ever', model=BCE, optim_wrapper=amp, train_cfg={'max_epochs': 12}
    )
    runner.register_hook(Always())
    with pytest.raises(NonFiniteError, match=r'iteration 33 .*gradients of many updates'):
        runner.train()


def test_checkpoint_with_nan_is_not_written(tmp_path):
    class Late(Hook):
        priority = 'ABOVE_NORMAL'

        def after_train_epoch(self, runner):
            runner.model.backbone.bn1.running_mean.fill_(math.nan)

    runner = make_runner(tmp_path, model=BCE)
    runner.register_hook(Late())
    match = r'no checkpoint is written after iteration 3,.*running_mean.*none yet'
    with pytest.raises(NonFiniteError, match=match):
        runner.train()
    assert not list(tmp_path.glob('*.pth'))


def test_finite_numbers_pass_however_large(tmp_path):
    runner = make_runner(tmp_path, model=BCE)
    runner.model.register_parameter('unused', nn.Parameter(torch.full((3,), 1e38)))
    runner.train()
    assert load_from_local(tmp_path / 'epoch_3.pth')['meta']['epoch'] == 3


class LargeLayer(Hook):
    """Adds a weight, not used, that is averaged block by block, and spoils it in an iteration."""

    def __init__(self, value, at=4):
        self.value, self.at = value, at

    def before_run(self, runner):
        weight = nn.Parameter(torch.zeros(2 * BLOCK + 7))
        runner.model.register_parameter('large', weight)

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == self.at:
            runner.model.large.data[BLOCK + 3] = self.value


def averaging_runner(work_dir, value, at=4, **average):
    large = LargeLayer(value, at)
    large.priority = 'VERY_HIGH'  # before the average copies the model
    hook = {**AVERAGED['custom_hooks'][0], **average}
    runner = make_runner(work_dir, **{**AVERAGED, 'custom_hooks': [hook]})
    runner.register_hook(large)
    return runner


@pytest.mark.parametrize('average', [{}, {'priority': 'VERY_LOW'}, {'interval': 2}])
@pytest.mark.parametrize('at', [4, 5])  # 5: the last of its epoch
@pytest.mark.parametrize('value', [math.nan, math.inf, -math.inf])
def test_weights_that_were_read_for_the_average_are_named(tmp_path, value, at, average):
    match = rf'^iteration {at + 1} .*process 0: weight large; images'
    with pytest.raises(NonFiniteError, match=match):
        averaging_runner(tmp_path, value, at, **average).train()


def test_weights_that_were_read_for_the_average_are_not_read_again(tmp_path, monkeypatch):
    sizes, norm = [], torch._foreach_norm

    def measured(tensors, *rest):
        sizes.append(max(tensor.numel() for tensor in tensors))
        return norm(tensors, *rest)

    monkeypatch.setattr(torch, '_foreach_norm', measured)
    runner = averaging_runner(tmp_path, value=1e38)  # whose square is infinite
    runner.train()
    assert len(sizes) == 9
    assert max(sizes) <= BLOCK
    assert runner.model.large.isfinite().all()
