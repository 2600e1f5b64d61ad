"""Remove from loaded checkpoints the entry that MMEngine would execute."""

from __future__ import annotations

import functools
from typing import Any

from mmengine.runner import Runner


def sanitise_loaded_checkpoints() -> None:
    """Remove the text of the config from a checkpoint, as it is loaded.

    Symptom: ``Runner.resume`` runs ``checkpoint['meta']['config']`` as Python, only to read a key
    (``gpu_ids``) that no current config has.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12.
    Goes when: resume no longer calls ``Config.fromstring``.
    """
    load_checkpoint = Runner.load_checkpoint

    @functools.wraps(load_checkpoint)
    def load_and_sanitise(self: Runner, *args: Any, **kwargs: Any) -> dict:
        checkpoint = load_checkpoint(self, *args, **kwargs)
        sanitise(checkpoint)
        return checkpoint

    Runner.load_checkpoint = load_and_sanitise


def sanitise(checkpoint: dict) -> None:
    """Remove the text of the config, in place."""
    if isinstance(checkpoint.get('meta'), dict):
        checkpoint['meta'].pop('config', None)
