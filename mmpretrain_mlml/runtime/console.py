"""What the log of a run shows on the screen. Its file always holds everything."""

from __future__ import annotations

import logging
from typing import Any

from mmengine.logging import MMLogger

# Beginnings of messages that change nothing for a user, or are an affair of MMEngine with itself.
_IN_THE_FILE = (
    '\n------',  # the environment
    'Config:\n',
    'Hooks will be executed in the following order:',
    'Distributed training is not used, all SyncBatchNorm',
    'Exp name: ',
    '"FileClient" will be deprecated',
    '"HardDiskBackend" is the alias of',
)


class ConsoleFilter(logging.Filter):
    """Keeps the environment, the config, the list of hooks and the like off the screen."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith(_IN_THE_FILE)


def quiet_the_console() -> None:
    """Give the screen handler of loggers a :class:`ConsoleFilter`, unless they log at DEBUG."""
    MMLogger.__init__ = _filtered(MMLogger.__init__)


def log_file(logger: logging.Logger) -> str | None:
    """Return the path of the file that a logger writes, None if it writes none."""
    files = [handler for handler in logger.handlers if isinstance(handler, logging.FileHandler)]
    return files[0].baseFilename if files else None


def _filtered(init: Any) -> Any:
    def make(self: MMLogger, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        for handler in self.handlers:
            if type(handler) is logging.StreamHandler and handler.level > logging.DEBUG:
                handler.addFilter(ConsoleFilter())

    return make
