"""A worker process of the check. It captures what decoders write to standard error."""

from __future__ import annotations

import os
import tempfile
import warnings
from typing import IO

import cv2
from PIL import Image

from ...runtime.data_workers import end_with_parent

_captured: IO[bytes] | None = None


def initialise_worker() -> None:
    """Prepare a process that decodes images only; :func:`read_stderr` returns its standard error."""
    global _captured
    end_with_parent()  # an idle one would wait for ever
    cv2.setNumThreads(0)
    warnings.simplefilter('ignore')
    Image.MAX_IMAGE_PIXELS = None  # large images are reported, and decoded by OpenCV
    _captured = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  open as long as the process
    os.dup2(_captured.fileno(), 2)


def read_stderr() -> str:
    """Return what was written to standard error since the last call; empty in other processes."""
    if _captured is None or not _captured.tell():
        return ''
    _captured.seek(0)
    text = _captured.read().decode(errors='replace')
    _captured.seek(0)
    _captured.truncate()
    return text.strip()
