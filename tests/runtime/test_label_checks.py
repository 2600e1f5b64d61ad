"""Class lists and labels that do not fit together are refused before the first step."""

from types import SimpleNamespace

import numpy as np
import pytest
from torch import nn

from mmpretrain_mlml import SPLC, Hill
from mmpretrain_mlml.runtime.config_keys import ConfigError
from mmpretrain_mlml.runtime.label_checks import (
    check_checkpoint_classes,
    check_class_names,
    check_observed,
    class_difference,
)


def make_dataset(classes, present=1, absent=1, unobserved=1):
    counts = [np.array([number]) for number in (present, absent, unobserved)]
    return SimpleNamespace(metainfo={'classes': classes}, counts=lambda: counts)


def make_runner(loss=None, resume=False, **datasets):
    """The parts of a runner that the checks look at."""
    # a loop that this run does not need stays a config
    loops = {f'_{name}_loop': {'max_epochs': 1} for name in ('train', 'val', 'test')}
    for name, dataset in datasets.items():
        loops[f'_{name}_loop'] = SimpleNamespace(dataloader=SimpleNamespace(dataset=dataset))
    model = nn.Sequential(loss or Hill(unknown='unobserved'))
    return SimpleNamespace(model=model, _resume=resume, hooks=[], **loops)


def test_differences_of_class_lists():
    assert class_difference(('a', 'b'), ['a', 'b']) == ''
    assert class_difference('ab', 'abc').format('x', 'y') == 'x has 2, y 3'
    assert class_difference(['a', '{}'], ['a', 'c']).format('x', 'y') == (
        "x has '{}' at position 1, y 'c'"
    )


def test_data_sets_must_have_the_same_names_in_the_same_order():
    train = make_dataset(['cat', 'dog'])
    check_class_names(make_runner(train=train, val=make_dataset(('cat', 'dog'))))
    check_class_names(make_runner(train=SimpleNamespace()))
    for classes, found in ((['dog', 'cat'], "'dog'"), (['cat', 'owl'], "'owl'")):
        with pytest.raises(
            ConfigError, match=f'val_dataloader.dataset {found}; give each the same'
        ):
            check_class_names(make_runner(train=train, val=make_dataset(classes)))


def test_a_checkpoint_is_tested_and_resumed_on_its_own_classes():
    data = make_dataset(['cat', 'dog'])
    same = {'meta': {'dataset_meta': {'classes': ('cat', 'dog')}}}
    other = {'meta': {'dataset_meta': {'classes': ('cat', 'owl')}}}
    for checkpoint in (same, {}, {'meta': {}}, {'meta': {'dataset_meta': None}}):
        check_checkpoint_classes(make_runner(test=data), checkpoint)
    for runner in (make_runner(test=data), make_runner(train=data, resume=True)):
        with pytest.raises(
            ConfigError, match="trained on other classes: the checkpoint has 'owl' at"
        ):
            check_checkpoint_classes(runner, other)
    check_checkpoint_classes(make_runner(train=data), other)  # starts from its weights


def test_positives_alone_are_no_training_labels():
    positives = make_dataset(['a'], absent=0)
    with pytest.raises(
        ConfigError, match=r"Hill ignores .* model\.head\.loss\.unknown='unobserved'"
    ):
        check_observed(make_runner(Hill(), train=positives))
    for loss, dataset in (
        (SPLC(unknown='unobserved'), positives),
        (SPLC(unknown='negative'), positives),
        (Hill(), make_dataset(['a'])),
        (Hill(), make_dataset(['a'], unobserved=0, absent=0)),
    ):
        check_observed(make_runner(loss, train=dataset))


def test_positives_alone_are_no_validation_labels():
    for name in ('val', 'test'):
        message = (
            rf"{name}_dataloader\.dataset has 1 .*Set {name}_dataloader\.dataset\.unlisted='absent'"
        )
        with pytest.raises(ConfigError, match=message):
            check_observed(make_runner(**{name: make_dataset(['a'], absent=0)}))
        check_observed(make_runner(**{name: make_dataset(['a'], present=0, absent=0)}))
        check_observed(make_runner(**{name: SimpleNamespace()}))
