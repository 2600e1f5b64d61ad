from __future__ import annotations

import functools
from typing import Any

from mmengine.config import config


def format_a_config_once() -> None:
    """Remember the formatted text of a config.

    Symptom: every process of a run formats its whole config with yapf up to four times before it
    trains: for the log, the work directory, the visualiser and the message hub. Each takes half a
    second or more.
    Versions: mmengine 0.10.7.
    Goes when: mmengine remembers the text itself, or no longer formats it.
    """
    format_code = getattr(config, 'FormatCode', None)
    if format_code is None:
        return

    @functools.lru_cache(maxsize=4)
    def format_and_remember(text: str, style: tuple[tuple[str, Any], ...], options: Any) -> Any:
        return format_code(text, style_config=dict(style), **dict(options))

    @functools.wraps(format_code)
    def format_once(text: str, style_config: dict[str, Any], **options: Any) -> Any:
        return format_and_remember(
            text, tuple(sorted(style_config.items())), tuple(sorted(options.items()))
        )

    config.FormatCode = format_once
