"""Configs with keys that nothing reads, or with changes that have no effect."""

import re

import pytest
from helpers import ROOT
from helpers.configs import NAMES
from mmengine.config import Config

import mmpretrain_mlml
from mmpretrain_mlml.runtime.config_check import check_config
from mmpretrain_mlml.runtime.config_keys import ConfigError, option_keys

PHOTOS = ROOT / 'configs/photos_0.4left_splc.py'


@pytest.fixture
def load(tmp_path):
    """Write a config that inherits from a shipped one, and load it with changes."""

    def write_and_load(text, base=PHOTOS, **options):
        path = tmp_path / 'mine.py'
        path.write_text(f'_base_ = {str(base)!r}\n{text}\n')
        cfg = Config.fromfile(path)
        cfg.merge_from_dict(options)
        return cfg

    return write_and_load


@pytest.mark.parametrize('name', NAMES)
def test_shipped_configs_are_accepted_without_a_warning(name):
    assert check_config(Config.fromfile(ROOT / 'configs' / name)) == []


@pytest.mark.parametrize(
    ('typo', 'key'),
    [('train_dataloder', 'train_dataloader'), ('optim_wraper', 'optim_wrapper'),
     ('costum_hooks', 'custom_hooks'), ('work_dirs', 'work_dir')],
)  # fmt: skip
def test_a_typing_error_is_refused_with_the_nearest_key(typo, key, load):
    with pytest.raises(ConfigError, match=rf"'{typo}' in .*mine\.py; did you mean '{key}'\?$"):
        check_config(load(f'{typo} = dict()'))
    with pytest.raises(ConfigError, match=rf"'{typo}' in the command line; did you mean '{key}'"):
        check_config(load('', **{f'{typo}.x': 1}), [f'{typo}.x'])


def test_variables_of_a_config_are_no_errors(load):
    own = 'visualizers = []\ntest_pipelines = [visualizers]\nmine = [test_pipelines]\n_x = mine'
    assert check_config(load(own)) == []  # near to known keys, but used by the file itself
    assert check_config(load('_helper = 1')) == []


def test_a_key_that_nothing_reads_gets_one_line(load):
    assert check_config(load('batch = 3\nshape = 4')) == [
        "nothing in MMEngine or MMPretrain reads the top-level keys ['batch', 'shape']"
    ]


def test_a_variable_that_the_base_has_used_changes_nothing(load, monkeypatch):
    monkeypatch.chdir(ROOT)
    expected = (
        r'^input_size in {} changes nothing: it is a variable of configs/_base_/datasets/photos\.py, '
        r'which has used it already\. Set train_dataloader\.dataset\.pipeline\.1\.scale, '
    )
    (warning,) = check_config(load('input_size = (64, 64)'))
    assert re.search(expected.format('.*mine.py'), warning)
    (warning,) = check_config(load('', input_size=(64, 64)), ['input_size'])
    assert re.search(expected.format('the command line'), warning)
    assert check_config(load('input_size = (128, 128)')) == []  # what it was
    assert (
        check_config(
            load('data_root = "x"\ntest_dataloader=dict(dataset=dict(data_prefix=data_root))')
        )
        == []
    )
    inherited = 'train_dataloader=dict(dataset=dict(pipeline=[dict(scale={{_base_.input_size}})]))'
    assert check_config(load(inherited)) == []


def test_a_default_hook_that_cannot_be_left_out_by_none_is_named(load):
    with pytest.raises(ConfigError, match=r'default_hooks\.loss_epoch is None.*_delete_=True'):
        check_config(load('default_hooks = dict(loss_epoch=None)'))
    assert check_config(load('default_hooks = dict(timer=None)')) == []


def test_classes_beside_other_classes_of_metainfo_are_refused(load):
    text = "val_dataloader = dict(dataset=dict(classes=('a',), metainfo=dict(classes=('{}',))))"
    with pytest.raises(ConfigError, match=r'val_dataloader\.dataset has both classes and metainfo'):
        check_config(load(text.format('b')))
    assert check_config(load(text.format('a'))) == []
    some = text.replace("classes=('{}',)", "classes=('a', 'b')")  # which the data set chooses from
    assert check_config(load(some)) == []


def test_keys_of_the_command_line_are_read():
    arguments = [
        'config.py',
        '--cfg-options',
        'a.b=1',
        'c=x=y',
        '--amp',
        'd=1',
        '--work-dir',
        'e=2',
    ]
    assert option_keys(arguments) == ['a.b', 'c']


def test_pure_python_configs_are_accepted(tmp_path):
    """Names that they import, and variables of their bases, are no keys."""
    base = Config.fromfile(ROOT / 'configs/digits_0.4left_splc.py').pretty_text
    (tmp_path / 'base.py').write_text(f'{base}\nvisualizers = [1]\n')
    (tmp_path / 'mine.py').write_text(
        'import os\n'
        'from mmengine.config import read_base\n'
        'from mmengine.dataset import DefaultSampler as samplers\n'
        'from mmpretrain_mlml import Hill\n'
        'with read_base():\n'
        '    from .base import *\n'
        'custom_hook = os.sep\n'
        'model.update(head=dict(loss=dict(type=Hill, lamb=1.5)))\n'
        'train_dataloader.update(sampler=dict(type=samplers, shuffle=True))\n'
    )
    cfg = Config.fromfile(tmp_path / 'mine.py')
    assert cfg.model.head.loss.type is mmpretrain_mlml.Hill
    cfg.merge_from_dict({'model.head.loss.lamb': 2.0})
    assert check_config(cfg, ['model.head.loss.lamb']) == []
    cfg.merge_from_dict({'optim_wraper.x': 1})
    with pytest.raises(ConfigError, match="'optim_wraper' in the command line"):
        check_config(cfg, ['optim_wraper.x'])
