"""Runs are known by fingerprints that do not change with the version of this package."""

import json

import pytest
from helpers.study_runs import OLD_STUDY

from mmpretrain_mlml import config
from mmpretrain_mlml.study import Run, read_study
from mmpretrain_mlml.study.run import fingerprint

DIGITS_STUDY = {  # of version 0.1.0; to be changed with the recipe of the digits only
    'full_BCE_seed0': '26c662d4fc4a',
    'full_Hill_seed0': '48e339b89d01',
    'full_SPLC_seed0': '6665de7e1731',
    '0.4left_BCE_seed0': 'a455adf505a5',
    '0.4left_Hill_seed0': 'a42cfc99a26a',
    '0.4left_SPLC_seed0': 'e2d60594d46d',
}


def test_finished_runs_of_an_earlier_version_are_recognised():
    for run in read_study(OLD_STUDY / 'small.py').runs:
        known = json.loads((OLD_STUDY / 'runs' / run.name / 'run.json').read_text())
        assert run.fingerprint == known['fingerprint']
    runs = read_study(config('studies/digits.py')).runs
    assert {run.name: run.fingerprint for run in runs} == DIGITS_STUDY


def test_options_of_a_script_are_part_of_the_fingerprint():
    options = [
        'randomness.seed=0',
        'default_hooks.recovery.type=mmpretrain_mlml.LabelRecoveryHook',
        'default_hooks.recovery.full_labels.protocol=full',
    ]
    run = Run('a', 'digits_full_bce.py', 'a', options)
    assert run.fingerprint == '6a7e4ff6260b'  # of version 0.1.0
    assert Run('b', 'digits_full_bce.py').fingerprint != run.fingerprint
    assert Run('b', config('digits_full_bce.py'), options=options).fingerprint == run.fingerprint


@pytest.mark.parametrize(
    ('one', 'other', 'same'),
    [
        ({'a': 1, 'b': [2]}, {'b': [2], 'a': 1}, True),
        ({'a': [1, 2]}, {'a': [2, 1]}, False),
        ({'a': 1}, {'a': 1.5}, False),
    ],
)
def test_a_fingerprint_is_of_the_content(one, other, same):
    assert (fingerprint(one) == fingerprint(other)) == same


def test_the_command_trains_the_run_and_keeps_its_predictions(tmp_path):
    run = Run('a', 'digits_full_bce.py', options=('randomness.seed=1',))
    command = run.command(tmp_path, resume=True)
    tool, *rest = command[1:]
    assert tool.endswith('tools/train.py')
    assert rest == [
        config('digits_full_bce.py'), '--work-dir', str(tmp_path), '--resume', '--cfg-options',
        'randomness.seed=1', f'val_evaluator.out={tmp_path}/predictions.npz',
    ]  # fmt: skip
    assert '--resume' not in run.command(tmp_path, resume=False)
