"""Numbers of a config that mean nothing are refused; all others pass."""

import math

import pytest
from mmengine.config import Config

from mmpretrain_mlml import config
from mmpretrain_mlml.runtime.config_check import check_config
from mmpretrain_mlml.runtime.config_keys import ConfigError
from mmpretrain_mlml.runtime.value_check import check_values


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('train_cfg.max_epochs', 0), ('train_cfg.max_epochs', -3), ('train_cfg.max_epochs', 1.5),
        ('train_cfg.max_epochs', '3'), ('train_cfg.max_epochs', math.nan),
        ('train_cfg.val_interval', 0), ('randomness.seed', -1), ('randomness.seed', 2**32),
        ('randomness.seed', 0.5),
    ],
)  # fmt: skip
def test_a_number_without_a_meaning_is_refused_by_name(key, value):
    cfg = Config.fromfile(config('digits_0.4left_splc.py'))
    cfg.merge_from_dict({key: value})
    with pytest.raises(ConfigError) as caught:
        check_config(cfg)
    assert str(caught.value).startswith(f'{key}={value!r}: expected an integer')


@pytest.mark.parametrize(
    'cfg',
    [
        {}, {'train_cfg': None, 'randomness': {'seed': None}},
        {'train_cfg': {'max_epochs': 1, 'val_interval': 1}, 'randomness': {'seed': 0}},
        {'train_cfg': {'max_iters': 5.0}, 'randomness': {'seed': 2**32 - 1}},
    ],
)  # fmt: skip
def test_numbers_that_mmengine_trains_with_pass(cfg):
    check_values(cfg)
