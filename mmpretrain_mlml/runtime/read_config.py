"""Reading the config of a tool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from .config_check import check_config


def read_config(path: str, options: Mapping[str, Any]) -> Config:
    """Read a config, merge the options of a command line, and check the result.

    Args:
        path: Config file.
        options: Values by dotted key, as ``--cfg-options`` gives them.

    Raises:
        FileNotFoundError: If there is no such file.
        ConfigError: If something in the config cannot be meant; see
            :func:`~mmpretrain_mlml.runtime.config_check.check_config`.
    """
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(dict(options))
    check_config(cfg, list(options))
    return cfg
