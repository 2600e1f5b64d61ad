"""What the tools of this project say where a file cannot be downloaded."""

from __future__ import annotations

import errno
import functools
from pathlib import Path
from typing import Any
from urllib.error import URLError

import mmengine.runner.checkpoint as mmengine_checkpoint
import torch

ADVICE = {  # by tool: what to do instead of downloading
    'train.py': 'give a local file (for the weights of a backbone: --cfg-options '
    'model.backbone.init_cfg.checkpoint=FILE), train from scratch (--cfg-options '
    'model.backbone.init_cfg=None)',
    'test.py': 'give a local file',
}
_UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR)


def explain_failed_downloads(tool: str) -> None:
    """Say what to do where a file cannot be downloaded, or not be stored.

    Args:
        tool: A key of :data:`ADVICE`.
    """
    load_url = mmengine_checkpoint.load_url

    @functools.wraps(load_url)
    def load_or_explain(url: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return load_url(url, *args, **kwargs)
        except (URLError, ConnectionError, TimeoutError) as error:
            cache = Path(torch.hub.get_dir()) / 'checkpoints'
            raise RuntimeError(
                f'could not download {url} ({error}). Without a network, {ADVICE[tool]}, or put the '
                f'file into {cache}'
            ) from error
        except OSError as error:
            if error.errno not in _UNWRITABLE:
                raise
            raise RuntimeError(
                f'could not store {url} ({error}). Set TORCH_HOME to a folder that can be written'
            ) from error

    mmengine_checkpoint.load_url = load_or_explain
