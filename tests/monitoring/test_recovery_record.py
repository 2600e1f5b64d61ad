"""The file recovery.json, epoch by epoch."""

import json

import pytest

from mmpretrain_mlml.monitoring.recovery_record import COUNTS, RecoveryRecord, rates

CLASSES = ['cat', 'dog']
FULL = dict(zip(COUNTS, ([5, 5], [4, 3], [2, 0], [1, 0], [2, 2])))
ROW = {
    'images': 5, 'unmarked': [4, 3], 'recovered': [2, 0], 'right': [1, 0], 'missing': [2, 2],
    'entries': 2, 'share': 200 / 7, 'precision': 50.0, 'recall': 25.0,
}  # fmt: skip


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'recovery.json'


def test_epoch_is_written_with_its_rates(path):
    record = RecoveryRecord(path, CLASSES, done=0)
    assert record.add(1, FULL) == {name: ROW[name] for name in list(ROW)[5:]}
    row = {'epoch': 1, **ROW}
    assert json.loads(path.read_text()) == {'classes': CLASSES, 'epochs': [row]}
    assert record.epochs == [row]


def test_rates_without_full_labels(path):
    counts = {name: FULL[name] for name in COUNTS[:3]}
    assert RecoveryRecord(path, CLASSES, done=0).add(1, counts) == {'entries': 2, 'share': 200 / 7}


def test_undefined_rates_are_left_out():
    assert rates({'unmarked': 0, 'recovered': 0, 'right': 0, 'missing': 0}) == {'entries': 0}


def test_resumed_run_keeps_the_epochs_that_are_done(path):
    record = RecoveryRecord(path, CLASSES, done=0)
    for epoch in (1, 2, 3):
        record.add(epoch, FULL)
    resumed = RecoveryRecord(path, CLASSES, done=2)
    assert [row['epoch'] for row in resumed.epochs] == [1, 2]
    resumed.add(2, FULL)
    assert [row['epoch'] for row in json.loads(path.read_text())['epochs']] == [1, 2]


def test_new_run_starts_a_new_file(path):
    RecoveryRecord(path, CLASSES, done=0).add(1, FULL)
    assert RecoveryRecord(path, CLASSES, done=0).epochs == []


def test_file_of_other_classes_is_refused(path):
    RecoveryRecord(path, CLASSES, done=0).add(1, FULL)
    with pytest.raises(ValueError, match=r'is of 2 classes \(cat, dog\), and .* has 3'):
        RecoveryRecord(path, ['cat', 'dog', 'hen'], done=1)


@pytest.mark.parametrize('text', ['{"classes": [', '[]', '{"classes": []}'])
def test_broken_file_is_refused(path, text):
    path.write_text(text)
    with pytest.raises(ValueError, match=r'no record of recovered labels.*remove it to continue'):
        RecoveryRecord(path, CLASSES, done=1)
