import pytest
from helpers.file_server import serving


@pytest.fixture
def server():
    """A file server of this machine without files: see helpers/file_server.py."""
    with serving() as running:
        yield running
