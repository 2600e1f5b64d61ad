import json
import signal
import socket
from functools import cache
from pathlib import Path

import pytest
from helpers import ROOT, SHARED
from helpers.memory import MemoryLimit
from helpers.processes import run

collect_ignore = ['helpers']  # imported by tests; pytest would import them a second time

# A suite that a script starts in the background inherits that Ctrl-C is ignored, and so would the
# processes that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope='session', autouse=True)
def plain_config_text():
    """Leave the text of configs unformatted: formatting took most of the time of small trainings."""
    from mmengine.config import config

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, 'FormatCode', lambda text, **_: (text, True), raising=False)
        yield


@pytest.fixture(scope='session')
def memory_limit() -> MemoryLimit:
    return MemoryLimit()


@pytest.fixture(autouse=True)
def bounded_memory(memory_limit):
    """Free the networks of earlier tests before memory runs out."""
    yield
    memory_limit.check()


@pytest.fixture(scope='session')
def shared() -> Path:
    """The folder of third-party files that some tests compare with; not part of the project."""
    if not SHARED.is_dir():
        pytest.skip(f'needs the third-party files in {SHARED}, which are not part of the project')
    return SHARED


@pytest.fixture(scope='session')
def official() -> dict:
    """Values computed by the code released with the paper, in float64."""
    return json.loads((ROOT / 'tests/reference/official_values.json').read_text())


@pytest.fixture(scope='session')
def coco_root(tmp_path_factory) -> Path:
    """A small COCO 2014 folder: see helpers/coco.py."""
    from helpers.coco import write_coco

    return write_coco(tmp_path_factory.mktemp('coco'))


@pytest.fixture(scope='session')
def public_sets(tmp_path_factory) -> Path:
    """Small copies of VOC, NUS-WIDE and Open Images; not to be changed: see helpers/public_sets.py."""
    from helpers.public_sets import write_public_sets

    return write_public_sets(tmp_path_factory.mktemp('public'))


@pytest.fixture
def public_roots(coco_root, public_sets, monkeypatch):
    """The small copies of all data sets, where the configs look for them."""
    for name, folder in {
        'COCO_ROOT': coco_root,
        'PHOTOS_ROOT': coco_root,
        'VOC_ROOT': public_sets / 'VOCdevkit',
        'NUS_ROOT': public_sets / 'nuswide',
        'OPENIMAGES_ROOT': public_sets / 'openimages',
    }.items():
        monkeypatch.setenv(name, str(folder))


@pytest.fixture(scope='session')
def run_tool():
    """Run a command in the repository and return its output: run_tool('python', 'tools/x.py', ...).

    Options: ``expect=1`` where it has to fail, ``timeout`` in seconds, ``cwd``, ``cold=True`` for a
    process with imports of its own, and variables of the environment in capitals.
    """

    def run_command(*command, **options) -> str:
        return run(command, **options)

    return run_command


@pytest.fixture(scope='session')
def free_port():
    """Return a port on which several processes can meet."""

    def find() -> str:
        with socket.socket() as listener:
            listener.bind(('127.0.0.1', 0))
            return str(listener.getsockname()[1])

    return find


@pytest.fixture(scope='session')
def launch(tmp_path_factory, free_port):
    """Start a small training that resumes if it can: launch(work_dir, *options, processes=...)."""
    from helpers.launched import Launched, write_config

    config = write_config(tmp_path_factory.mktemp('launched'))

    def start(work_dir, *options, processes=1, **kwargs):
        if processes > 1:
            kwargs.setdefault('PORT', free_port())
        return Launched(config, work_dir, '--resume', *options, processes=processes, **kwargs)

    return start


@pytest.fixture(scope='session')
def straight(launch, tmp_path_factory):
    """The work directory of an undisturbed run: straight(processes, *changes of the config)."""

    @cache
    def run(processes, *cfg):
        work_dir = tmp_path_factory.mktemp('straight') / str(processes)
        assert launch(work_dir, processes=processes, cfg=cfg).wait() == 0
        return work_dir

    return run
