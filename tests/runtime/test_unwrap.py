"""Models, data sets and configs are found inside any nesting of wrappers."""

import pytest
import torch
from mmengine.dataset import ClassBalancedDataset, ConcatDataset, RepeatDataset
from mmengine.model import MMDistributedDataParallel, MMSeparateDistributedDataParallel
from torch import nn
from torch.distributed import HashStore

from mmpretrain_mlml import DigitScenes
from mmpretrain_mlml.runtime.unwrap import (
    split_dataset_config,
    unwrap_dataset,
    unwrap_dataset_config,
    unwrap_model,
    unwrap_single_dataset,
)

DIGITS = {'type': 'mmpretrain_mlml.DigitScenes', 'size': 4}


@pytest.fixture
def one_process():
    torch.distributed.init_process_group('gloo', store=HashStore(), rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


def test_plain_model_is_returned_unchanged():
    model = nn.Linear(1, 1)
    assert unwrap_model(model) is model


def test_attribute_named_module_does_not_make_a_wrapper():
    model = nn.Sequential()
    model.module = nn.Linear(1, 1)
    assert unwrap_model(model) is model


@pytest.mark.usefixtures('one_process')
def test_model_inside_nested_wrappers():
    model = nn.Linear(1, 1)
    assert unwrap_model(MMDistributedDataParallel(model)) is model
    assert unwrap_model(MMDistributedDataParallel(MMDistributedDataParallel(model))) is model


# mmengine passes an argument that torch renamed
@pytest.mark.filterwarnings('ignore:`broadcast_buffers` is deprecated:FutureWarning')
@pytest.mark.usefixtures('one_process')
def test_model_whose_parts_are_wrapped_separately():
    head = nn.Linear(1, 1)
    model = nn.ModuleDict({'head': head})
    assert unwrap_model(MMSeparateDistributedDataParallel(model)) is model
    assert model['head'] is not head  # it is wrapped
    assert unwrap_model(model['head']) is head


def test_dataset_inside_nested_wrappers():
    dataset = DigitScenes(size=4)
    assert unwrap_dataset(dataset) is dataset
    wrapped = RepeatDataset(dataset, times=2)
    assert unwrap_dataset(wrapped) is dataset
    assert unwrap_single_dataset(wrapped, 'test') is dataset
    twice = RepeatDataset({'type': 'RepeatDataset', 'times': 2, 'dataset': DIGITS}, times=2)
    assert unwrap_dataset(twice) is twice.dataset.dataset


def test_balanced_dataset_is_a_wrapper():
    class Labelled(DigitScenes):
        def get_cat_ids(self, index):
            return self.get_data_info(index)['gt_label']

    dataset = Labelled(size=4)
    assert unwrap_dataset(ClassBalancedDataset(dataset, oversample_thr=0.5)) is dataset


def test_several_datasets_are_kept_or_refused_with_the_reason():
    wrapped = RepeatDataset({'type': 'ConcatDataset', 'datasets': [DIGITS, DIGITS]}, times=2)
    assert isinstance(wrapped.dataset, ConcatDataset)
    assert unwrap_dataset(wrapped) is wrapped.dataset
    for dataset in (wrapped.dataset, wrapped):
        with pytest.raises(ValueError, match=r'^rows by sample: expected one data set, .*Concat'):
            unwrap_single_dataset(dataset, 'rows by sample')


def test_config_inside_nested_wrappers():
    wrapped = {'type': 'RepeatDataset', 'times': 2, 'dataset': DIGITS}
    assert unwrap_dataset_config(DIGITS) is DIGITS
    assert unwrap_dataset_config(wrapped) is DIGITS
    assert unwrap_dataset_config({'type': 'RepeatDataset', 'dataset': wrapped}) is DIGITS


def test_configs_of_all_parts():
    other = {**DIGITS, 'size': 8}
    inner = {'type': 'RepeatDataset', 'times': 2, 'dataset': DIGITS}
    several = {'type': 'ConcatDataset', 'datasets': [inner, other]}
    assert list(split_dataset_config(DIGITS)) == [DIGITS]
    assert list(split_dataset_config(several)) == [DIGITS, other]
    assert list(split_dataset_config({'type': 'RepeatDataset', 'dataset': several})) == [
        DIGITS, other,
    ]  # fmt: skip
