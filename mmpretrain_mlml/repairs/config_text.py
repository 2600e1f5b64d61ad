"""The text of a config: formatted once, and without an error of its own when it is interrupted."""

from __future__ import annotations

import functools
from typing import Any

from mmengine.config import Config, config

KEPT = 4  # formatted texts


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

    texts: dict[str, Any] = {}

    @functools.wraps(format_code)
    def format_once(*args: Any, **kwargs: Any) -> Any:
        key = repr((args, sorted(kwargs.items())))
        if key not in texts:
            result = format_code(*args, **kwargs)
            while len(texts) >= KEPT:
                texts.pop(next(iter(texts)))
            texts[key] = result
        return texts[key]

    config.FormatCode = format_once


def let_interrupts_through() -> None:
    """Let a Ctrl-C end the formatting of a config as such.

    Symptom: Ctrl-C while a checkpoint is written ends in ``SyntaxError: Failed to format the config
    file`` and the text of the whole config: a bare ``except`` takes the interrupt for an error of it.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: mmengine catches yapf's errors alone.
    """
    pretty_text = Config.pretty_text.fget

    @functools.wraps(pretty_text)
    def pretty_text_or_interrupt(self: Config) -> str:
        try:
            return pretty_text(self)
        except SyntaxError as error:
            interrupt = error.__context__
            if interrupt is None or isinstance(interrupt, Exception):
                raise
            raise interrupt from None

    Config.pretty_text = property(pretty_text_or_interrupt)
