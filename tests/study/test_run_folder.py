"""Which run a folder holds."""

import pytest
from helpers.study_runs import little_run

from mmpretrain_mlml.study import train
from mmpretrain_mlml.study.run_folder import folder_state


def test_a_finished_run_is_not_taken_for_one_of_another_config(tmp_path):
    run = little_run('a')
    train([run], tmp_path, jobs=1)
    (tmp_path / 'a/epoch_1.pth').touch()
    other = little_run('a', options=('randomness.seed=1',))
    assert folder_state(tmp_path / 'a', other.fingerprint) == 'other'
    with pytest.raises(ValueError, match=r'another config: a\. Undo the change'):
        train([little_run('b'), other], tmp_path, jobs=1, resume=True)
    assert not (tmp_path / 'b').exists()
    assert folder_state(tmp_path / 'a', run.fingerprint) == 'finished'
    (tmp_path / 'a/run.json').unlink()
    assert folder_state(tmp_path / 'a', run.fingerprint) == 'other'  # of unknown origin
    (tmp_path / 'a/epoch_1.pth').unlink()
    (tmp_path / 'a/predictions.npz').touch()
    assert (
        folder_state(tmp_path / 'a', run.fingerprint) == 'other'
    )  # checkpoints were removed to save space
    (tmp_path / 'a/predictions.npz').unlink()
    assert folder_state(tmp_path / 'a', run.fingerprint) == 'new'  # nothing to lose
    (tmp_path / 'a/run.json').write_text('{"finger')
    with pytest.raises(ValueError, match=rf'{tmp_path}/a/run\.json is damaged: .* to run it anew'):
        folder_state(tmp_path / 'a', run.fingerprint)
