"""A process of the check: what decoders write to standard error is kept for the report."""

from __future__ import annotations

import os
import tempfile
import warnings
from typing import IO

import cv2
from PIL import Image

_messages: IO[bytes] | None = None


def start() -> None:
    """Prepares a process for nothing but this; its standard error goes to :func:`heard`."""
    global _messages
    cv2.setNumThreads(0)
    warnings.simplefilter('ignore')
    Image.MAX_IMAGE_PIXELS = None  # large images are reported, and decoded by OpenCV
    _messages = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  as long as the process lives
    os.dup2(_messages.fileno(), 2)


def heard() -> str:
    """What was written to standard error since the last call; nothing in any other process."""
    if _messages is None or not _messages.tell():
        return ''
    _messages.seek(0)
    said = _messages.read().decode(errors='replace')
    _messages.seek(0)
    _messages.truncate()
    return said.strip()
