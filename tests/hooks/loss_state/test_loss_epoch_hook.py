"""The hook under real runners: epoch loops, iteration loops, wrappers, resumed runs."""

import pytest
from helpers.support import make_runner
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmpretrain.registry import MODELS
from torch import nn

from mmpretrain_mlml import SPLC


@MODELS.register_module()
class TwoHeads(nn.Module):
    """Wraps heads, so that their losses sit deeper than the runner looks."""

    def __init__(self, heads):
        super().__init__()
        self.heads = nn.ModuleList([MODELS.build(head) for head in heads])

    def loss(self, feats, data_samples):
        losses = [head.loss(feats, data_samples)['loss'] for head in self.heads]
        return {'loss': sum(losses)}

    def predict(self, feats, data_samples):
        return self.heads[0].predict(feats, data_samples)


def test_epoch_loop(tmp_path):
    runner = make_runner(tmp_path)
    runner.train()
    loss = runner.model.head.loss_module
    assert loss.told == [(0, 3), (1, 3), (2, 3)]
    assert loss.used == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_a_resumed_run_goes_on_with_the_absolute_epoch(tmp_path):
    make_runner(tmp_path).train()
    runner = make_runner(tmp_path, resume=True, train_cfg={'max_epochs': 5})
    runner.train()
    assert runner.model.head.loss_module.told == [(3, 5), (4, 5)]


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
    loss = runner.model.head.loss_module
    assert loss.told[0] == (0, 3)
    assert loss.used == [0, 0, 0, 1, 1, 1, 2, 2]

    resume = {'resume': True, 'load_from': str(tmp_path / 'iter_4.pth')}
    resumed = make_runner(tmp_path, **resume, **by_iter(12))
    resumed.train()
    loss = resumed.model.head.loss_module
    assert loss.told[0] == (1, 4)
    assert loss.used == [1, 1, 2, 2, 2, 3, 3, 3]


def test_survives_switch_recipe_hook(tmp_path):
    switch = {
        'type': 'mmpretrain.SwitchRecipeHook',
        'schedule': [{'action_epoch': 2, 'loss': {'type': 'EpochRecorder'}}],
    }
    runner = make_runner(tmp_path, custom_hooks=[switch])
    first = runner.model.head.loss_module
    runner.train()
    second = runner.model.head.loss_module
    assert first is not second
    assert first.told == [(0, 3)]
    assert second.told == [(1, 3), (2, 3)]


def test_finds_losses_in_wrapped_heads_and_in_the_ema_copy(tmp_path):
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
            assert head.loss_module.told[-1] == (2, 3)


def test_a_module_that_takes_the_epoch_alone_gets_it_alone(tmp_path):
    runner = make_runner(tmp_path)
    told = []
    runner.model.neck.set_epoch = lambda epoch: told.append(epoch)
    runner.train()
    assert told == [0, 1, 2]


@HOOKS.register_module()
class Mine(Hook):
    pass


def test_custom_hooks_of_a_child_config_cannot_drop_it(tmp_path):
    runner = make_runner(tmp_path, custom_hooks=[{'type': 'Mine'}])
    assert 'LossEpochHook' in [type(hook).__name__ for hook in runner.hooks]


def test_without_the_hook_splc_refuses_to_train(tmp_path):
    splc = {'_delete_': True, 'type': 'mmpretrain_mlml.SPLC'}
    no_hook = {'_delete_': True, 'logger': {'type': 'LoggerHook'}}
    runner = make_runner(tmp_path, model={'head': {'loss': splc}}, default_hooks=no_hook)
    assert isinstance(runner.model.head.loss_module, SPLC)
    with pytest.raises(RuntimeError, match='LossEpochHook'):
        runner.train()


def test_nothing_is_done_per_step_in_an_epoch_loop(tmp_path, monkeypatch):
    walks = []
    runner = make_runner(tmp_path)
    modules = nn.Module.modules
    monkeypatch.setattr(runner.model, 'modules', lambda: walks.append(1) or modules(runner.model))
    (hook,) = (hook for hook in runner.hooks if type(hook).__name__ == 'LossEpochHook')
    runner.train_loop  # noqa: B018  builds it
    hook.before_train_epoch(runner)
    for index in range(100):
        hook.before_train_iter(runner, index)
    assert len(walks) == 1
