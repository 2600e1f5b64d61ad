"""The screen shows what changes something for a user; the log file holds everything."""

import logging
from pathlib import Path

import pytest
from mmengine.logging import MMLogger

from mmpretrain_mlml.runtime.console import log_file, quiet_the_console

SHOWN = (
    'Epoch(val) [1][1/1]  multi-label/mAP: 40.8',
    'Config of mine',
    'the model may be collapsing',
)
HIDDEN = (
    '\n------------------\nSystem environment:\n    sys.platform: linux',
    'Config:\nmodel = dict()',
    'Hooks will be executed in the following order:\nbefore_run:',
    'Exp name: digits',
    '"FileClient" will be deprecated in future.',
)


@pytest.fixture
def make_logger(tmp_path, monkeypatch):
    """Make a logger that writes to a file as the runners of our tools do."""
    monkeypatch.setattr(MMLogger, '__init__', MMLogger.__init__)  # put back after the test
    quiet_the_console()

    made = []

    def make(level):
        made.append(MMLogger(level, log_file=str(tmp_path / 'run.log'), log_level=level))
        return made[-1]

    yield make
    for handler in (handler for logger in made for handler in logger.handlers):
        handler.close()


def test_the_file_holds_what_the_screen_does_not_show(make_logger, capsys):
    logger = make_logger('INFO')
    for message in (*SHOWN, *HIDDEN):
        logger.info(message)
    screen = capsys.readouterr().out
    text = Path(log_file(logger)).read_text()
    assert all(message in text for message in (*SHOWN, *HIDDEN))
    assert all(message in screen for message in SHOWN)
    assert not any(message in screen for message in HIDDEN)


def test_at_debug_level_the_screen_shows_everything(make_logger, capsys):
    logger = make_logger('DEBUG')
    logger.info(HIDDEN[0])
    assert HIDDEN[0] in capsys.readouterr().out


def test_a_logger_without_a_file_has_no_log_file():
    assert log_file(logging.getLogger('none')) is None
