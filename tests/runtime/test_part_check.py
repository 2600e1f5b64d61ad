"""Typing errors inside a config: arguments that no class takes, and types that nobody registers."""

import re
from pathlib import Path

import mmpretrain
import pytest
from helpers.configs import NAMES, load
from mmengine.config import Config
from mmpretrain.registry import HOOKS

from mmpretrain_mlml.runtime.config_check import check_config
from mmpretrain_mlml.runtime.config_keys import ConfigError
from mmpretrain_mlml.runtime.part_check import check_parts

SPLC = 'coco_0.4left_splc.py'
MIM = Path(mmpretrain.__file__).parent / '.mim/configs'
OF_TWINS = "optim_wrapper.paramwise_cfg: the optimiser reads no '_delete'"  # means _delete_


def checked(**changes):
    cfg = load(SPLC)
    cfg.merge_from_dict(changes)
    return check_parts(cfg)


@pytest.mark.parametrize(
    ('key', 'place', 'reader', 'typo', 'nearest'),
    [
        ('train_dataloader.dataset.ann_fil', 'train_dataloader.dataset', 'COCOMissingLabel',
         'ann_fil', 'ann_file'),
        ('model.head.los.type', 'model.head', 'MultiLabelLinearClsHead', 'los', 'loss'),
        ('model.bakbone.depth', 'model', 'ImageClassifier', 'bakbone', 'backbone'),
        ('optim_wrapper.optimizer.lrr', 'optim_wrapper.optimizer', 'Adam', 'lrr', 'lr'),
        ('default_hooks.logger.intervall', 'default_hooks.logger', 'LoggerHook', 'intervall',
         'interval'),
        ('default_hooks.checkpoint.intervall', 'default_hooks.checkpoint', 'BestWeightsHook',
         'intervall', 'interval'),
        ('train_dataloader.dataset.pipeline.1.scal', 'train_dataloader.dataset.pipeline.1',
         'SmoothResize', 'scal', 'scale'),
        ('param_scheduler.total_step', 'param_scheduler', 'OneCycle', 'total_step', 'total_steps'),
        ('train_dataloader.batch_siz', 'train_dataloader', 'DataLoader', 'batch_siz', 'batch_size'),
        ('train_cfg.max_epoch', 'train_cfg', 'EpochBasedTrainLoop', 'max_epoch', 'max_epochs'),
        ('val_evaluator.treshold', 'val_evaluator', 'MultiLabelScores', 'treshold', 'threshold'),
    ],
)  # fmt: skip
def test_an_argument_that_no_class_takes_is_refused(key, place, reader, typo, nearest):
    message = f"^{place}: {reader} has no argument '{typo}'; did you mean '{nearest}'\\?$"
    with pytest.raises(ConfigError, match=message):
        checked(**{key: 1})


@pytest.mark.parametrize('name', ['SPCL', 'splc', 'mmpretrain_mlml.SPCL'])
def test_a_type_that_nobody_registers_is_refused_if_one_is_near(name):
    message = f"model.head.loss: no type '{name}' is registered; did you mean 'SPLC'?"
    with pytest.raises(ConfigError, match=re.escape(message)):
        checked(**{'model.head.loss.type': name})
    assert checked(**{'model.head.loss.type': 'somebody.SPCL'}) == []


def test_options_that_would_be_ignored_are_refused_or_named():
    with pytest.raises(ConfigError, match="reads no 'norm_decay'; did you mean 'norm_decay_mult'"):
        checked(**{'optim_wrapper.paramwise_cfg.norm_decay': 0})
    with pytest.raises(ConfigError, match="auto_scale_lr: the runner reads no 'base_batch'; did"):
        checked(**{'auto_scale_lr.base_batch': 3})
    assert checked(**{'env_cfg.x': 3}) == ["env_cfg: the runner reads no 'x'"]
    cfg = load(SPLC)
    with pytest.raises(ConfigError, match=r'set model\.data_preprocessor\.num_classes$'):
        check_config(cfg, ['data_preprocessor.num_classes'])


def test_a_class_that_may_take_any_argument_is_not_checked():
    @HOOKS.register_module()
    class TakesAnything:
        def __init__(self, **kwargs):
            self.kwargs = dict(kwargs)

    assert checked(custom_hooks=[{'type': 'TakesAnything', 'x': 1, 'priority': 'LOW'}]) == []


def test_a_name_in_several_registries_may_mean_any_of_them():
    @HOOKS.register_module(name='Adam')
    class Other:
        def __init__(self, own=0):
            self.own = own

    try:
        assert checked(custom_hooks=[{'type': 'Adam', 'own': 1}]) == []
        assert checked(tta_model={'inner': {'type': 'Adam', 'own': 1}}) == []
        with pytest.raises(ConfigError, match="Other has no argument 'lr'"):
            checked(custom_hooks=[{'type': 'Adam', 'lr': 1}])
    finally:
        HOOKS.module_dict.pop('Adam')


@pytest.mark.parametrize('name', NAMES)
def test_shipped_configs_are_accepted(name):
    assert check_parts(load(name)) == []


def test_configs_of_mmpretrain_are_accepted():
    """Some of 846; all were accepted but for one that no runner can build."""
    names = sorted(path for path in MIM.glob('*/*.py') if path.parent.name != '_base_')
    names = [*names[::40], MIM / 'twins/twins-svt-base_8xb128_in1k.py']
    assert len(names) > 10
    for path in names:
        try:
            cfg = Config.fromfile(path, import_custom_modules=False)
        except (KeyError, RuntimeError, ModuleNotFoundError):  # cannot be read at all
            continue
        ignored = [] if path.parent.name != 'twins' else [OF_TWINS]
        assert check_parts(cfg) == ignored
