"""The hook under real runners: epoch loops, iteration loops, wrappers, resumed runs."""

import pytest
from helpers.runners import make_runner
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmpretrain.registry import MODELS
from torch import nn

from mmpretrain_mlml import SPLC


@MODELS.register_module()
class TwoHeads(nn.Module):
    """Wraps heads, so that their losses are nested deeper than in a usual model."""

    def __init__(self, heads):
        super().__init__()
        self.heads = nn.ModuleList([MODELS.build(head) for head in heads])

    def loss(self, feats, data_samples):
        losses = [head.loss(feats, data_samples)['loss'] for head in self.heads]
        return {'loss': sum(losses)}

    def predict(self, feats, data_samples):
        return self.heads[0].predict(feats, data_samples)


def loss_of(runner):
    return runner.model.head.loss_module


def test_epoch_loop(tmp_path):
    runner = make_runner(tmp_path)
    runner.train()
    assert loss_of(runner).epochs == [(0, 3), (1, 3), (2, 3)]
    assert loss_of(runner).used == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_resumed_run_continues_with_the_absolute_epoch(tmp_path):
    make_runner(tmp_path).train()
    runner = make_runner(tmp_path, resume=True, train_cfg={'max_epochs': 5})
    runner.train()
    assert loss_of(runner).epochs == [(3, 5), (4, 5)]


@pytest.mark.parametrize('sampler', ['DefaultSampler', 'InfiniteSampler'])
def test_iteration_loop_counts_passes_over_the_data(tmp_path, sampler, monkeypatch):
    monkeypatch.setattr('mmengine.runner.loops.time.sleep', lambda seconds: None)

    def by_iter(max_iters):
        return {
            'train_cfg': {'_delete_': True, 'by_epoch': False, 'max_iters': max_iters},
            'train_dataloader': {'sampler': {'type': sampler}},
            'param_scheduler': None,
            'default_hooks': {'checkpoint': {'by_epoch': False, 'interval': 4}},
        }

    runner = make_runner(tmp_path, **by_iter(8))
    runner.train()
    assert loss_of(runner).epochs[0] == (0, 3)
    assert loss_of(runner).used == [0, 0, 0, 1, 1, 1, 2, 2]

    resume = {'resume': True, 'load_from': str(tmp_path / 'iter_4.pth')}
    resumed = make_runner(tmp_path, **resume, **by_iter(12))
    resumed.train()
    assert loss_of(resumed).epochs[0] == (1, 4)
    assert loss_of(resumed).used == [1, 1, 2, 2, 2, 3, 3, 3]


def test_loss_of_switch_recipe_hook_is_found(tmp_path):
    switch = {
        'type': 'mmpretrain.SwitchRecipeHook',
        'schedule': [{'action_epoch': 2, 'loss': {'type': 'EpochRecorder'}}],
    }
    runner = make_runner(tmp_path, custom_hooks=[switch])
    first = loss_of(runner)
    runner.train()
    second = loss_of(runner)
    assert first is not second
    assert first.epochs == [(0, 3)]
    assert second.epochs == [(1, 3), (2, 3)]


def test_losses_in_nested_heads_and_in_the_average_are_found(tmp_path):
    head = {
        'type': 'MultiLabelLinearClsHead',
        'num_classes': 10,
        'in_channels': 16,
        'loss': {'type': 'EpochRecorder'},
    }
    runner = make_runner(
        tmp_path,
        model={'head': {'_delete_': True, 'type': 'TwoHeads', 'heads': [head, head]}},
        custom_hooks=[{'type': 'EMAHook'}],
    )
    runner.train()
    (ema,) = (hook.ema_model.module for hook in runner.hooks if hasattr(hook, 'ema_model'))
    for model in (runner.model, ema):
        for head in model.head.heads:
            assert head.loss_module.epochs[-1] == (2, 3)


def test_method_without_max_epochs_is_called_without_it(tmp_path):
    runner = make_runner(tmp_path)
    epochs = []
    runner.model.neck.set_epoch = lambda epoch: epochs.append(epoch)
    runner.train()
    assert epochs == [0, 1, 2]


@HOOKS.register_module()
class OtherHook(Hook):
    pass


def test_custom_hooks_of_a_child_config_keep_it(tmp_path):
    runner = make_runner(tmp_path, custom_hooks=[{'type': 'OtherHook'}])
    assert 'LossEpochHook' in [type(hook).__name__ for hook in runner.hooks]


def test_splc_refuses_to_train_without_it(tmp_path):
    splc = {'_delete_': True, 'type': 'mmpretrain_mlml.SPLC'}
    no_hook = {'_delete_': True, 'logger': {'type': 'LoggerHook'}}
    runner = make_runner(tmp_path, model={'head': {'loss': splc}}, default_hooks=no_hook)
    assert isinstance(loss_of(runner), SPLC)
    with pytest.raises(RuntimeError, match='LossEpochHook'):
        runner.train()


def test_modules_are_searched_once_an_epoch(tmp_path, monkeypatch):
    searches = []
    runner = make_runner(tmp_path)
    modules = nn.Module.modules
    monkeypatch.setattr(
        runner.model, 'modules', lambda: searches.append(1) or modules(runner.model)
    )
    (hook,) = (hook for hook in runner.hooks if type(hook).__name__ == 'LossEpochHook')
    runner.train_loop  # noqa: B018  builds it
    hook.before_train_epoch(runner)
    for index in range(100):
        hook.before_train_iter(runner, index)
    assert len(searches) == 1
