"""What several tests of the repairs share."""

import json

import pytest
from helpers import ROOT, stock_runs
from mmengine.runner import CheckpointLoader


@pytest.fixture
def marker(tmp_path):
    """The file that a hostile checkpoint creates if its code runs."""
    return tmp_path / 'marker'


@pytest.fixture
def load():
    """Load a checkpoint as MMEngine does."""
    return lambda path: CheckpointLoader.load_checkpoint(str(path), 'cpu')


@pytest.fixture(scope='session')
def stock(run_tool, tmp_path_factory):
    """What the runs of helpers/stock_runs.py left in a process that did not import this package."""
    script = ROOT / 'tests/helpers/stock_runs.py'
    text = run_tool('python', script, tmp_path_factory.mktemp('stock'), cold=True, PYTHONPATH='')
    return json.loads(text.rsplit('results ', 1)[1])


@pytest.fixture(scope='session')
def repaired(tmp_path_factory):
    """What they leave in this process."""
    results = stock_runs.run_all(tmp_path_factory.mktemp('repaired'))
    return json.loads(json.dumps(results))
