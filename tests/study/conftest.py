import pytest
from helpers.study_runs import SKILL, write_finished

from mmpretrain_mlml.study import read_record, read_study

collect_ignore = ['old_study']  # files of a study, no tests


@pytest.fixture(scope='session')
def run_folders(tmp_path_factory):
    """Folders of finished runs, two seeds of each setting."""
    root = tmp_path_factory.mktemp('runs')
    return [
        write_finished(root / f'{setting}_{seed}', setting, seed)
        for setting in SKILL
        for seed in (0, 1)
    ]


@pytest.fixture(scope='session')
def records(run_folders):
    return [read_record(folder) for folder in run_folders]


@pytest.fixture
def read_text(tmp_path):
    """Reads a study file with a given content."""

    def read(text, **kwargs):
        path = tmp_path / 'mine.py'
        path.write_text(text)
        return read_study(path, **kwargs)

    return read
