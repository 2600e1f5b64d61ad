"""Parts of a run that do not fit together are refused before the first step."""

import pytest
from helpers.runners import VALIDATION, make_runner

from mmpretrain_mlml.runtime.config_keys import ConfigError
from mmpretrain_mlml.runtime.start_checks import StartChecks

NINE = [str(digit) for digit in range(9)]
BEST = 'default_hooks.checkpoint'


def start(tmp_path, **changes):
    """Train for an epoch with some changes, whose keys may be dotted."""
    fit = {'model.head.loss': {'type': 'mmpretrain_mlml.BCE', '_delete_': True}}
    runner = make_runner(tmp_path, **VALIDATION, **fit, train_cfg={'max_epochs': 1}, **changes)
    runner.register_hook(StartChecks(), 'HIGHEST')
    runner.train()
    return runner


def test_parts_that_fit_are_trained(tmp_path):
    assert start(tmp_path).iter == 3


@pytest.mark.parametrize(
    ('model', 'message'),
    [
        ({'model.head.num_classes': 9}, r'model\.head 9: set model\.head\.num_classes=10$'),
        ({'model.data_preprocessor.num_classes': 9}, r'set model\.data_preprocessor\.num_classes=10$'),
        ({'model.head.num_classes': 9, 'model.data_preprocessor.num_classes': 9},
         r'set model\.head\.num_classes=10 model\.data_preprocessor\.num_classes=10$'),
    ],
)  # fmt: skip
def test_a_model_of_other_classes_than_the_data_is_told_what_to_set(model, message, tmp_path):
    with pytest.raises(
        ConfigError, match=r'train_dataloader\.dataset has 10 classes, .*' + message
    ):
        start(tmp_path, **model)


def test_training_and_validation_must_have_the_same_classes(tmp_path):
    with pytest.raises(ConfigError, match=r'10 in train_dataloader\.dataset, 9 in val_dataloader'):
        start(tmp_path, **{'val_dataloader.dataset.metainfo': {'classes': NINE}})


@pytest.mark.parametrize(
    'best', ['multi-label/mAP', 'auto', ['multi-label/mAP', 'multi-label/CF1']]
)
def test_scores_of_the_evaluator_may_be_the_best(best, tmp_path):
    hook = {'type': 'CheckpointHook', 'save_best': best, 'rule': 'greater', '_delete_': True}
    assert start(tmp_path, **{BEST: hook}).iter == 3


@pytest.mark.parametrize('best', ['mAP', 'multi-label/map', 'raw/multi-label/mAP'])
def test_another_score_is_refused_before_the_first_epoch(best, tmp_path):
    message = (
        rf"save_best='{best}' is no score of .*did you mean 'multi-label/mAP'\? It gives multi-"
    )
    with pytest.raises(ConfigError, match=message):
        start(tmp_path, **{f'{BEST}.save_best': best, f'{BEST}.rule': 'greater'})


def test_the_raw_model_has_scores_of_its_own(tmp_path):
    hook = {'type': 'CheckpointHook', 'save_best': 'raw/multi-label/mAP', 'rule': 'greater'}
    loop = {'val_cfg.type': 'mmpretrain_mlml.RawAndAveragedValLoop'}
    averages = [{'type': 'mmpretrain_mlml.WeightAverageHook'}]
    hook['_delete_'] = True
    assert start(tmp_path, **{BEST: hook}, **loop, custom_hooks=averages).iter == 3


def test_metrics_that_do_not_name_their_scores_are_not_checked(tmp_path):
    hook = {'type': 'CheckpointHook', 'save_best': 'mAP', 'rule': 'greater', '_delete_': True}
    with pytest.raises(KeyError, match='mAP'):  # of MMEngine, after the first epoch
        start(tmp_path, **{BEST: hook, 'val_evaluator.type': 'AveragePrecision'})
