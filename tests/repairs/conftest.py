"""What several tests of the repairs share."""

import pytest
from mmengine.runner import CheckpointLoader


@pytest.fixture
def marker(tmp_path):
    """The file that a hostile checkpoint creates if its code runs."""
    return tmp_path / 'marker'


@pytest.fixture
def load():
    """Load a checkpoint as MMEngine does."""
    return lambda path: CheckpointLoader.load_checkpoint(str(path), 'cpu')
