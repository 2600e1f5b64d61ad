from __future__ import annotations

import importlib.metadata
import sys

from mmengine.utils import digit_version


def skip_broken_multimodal() -> None:
    """Keep MMPretrain from importing its vision-language models.

    Symptom: with transformers installed, ``import mmpretrain.models`` fails in
    ``models/utils/huggingface.py`` or ``models/multimodal`` on names that transformers has moved,
    although nothing here needs these models.
    Versions: mmpretrain 1.2.0 and onedl-mmpretrain 1.3.6 with transformers >= 4.53.
    Goes when: MMPretrain imports with a current transformers.
    """
    try:
        installed = digit_version(importlib.metadata.version('transformers'))
    except importlib.metadata.PackageNotFoundError:
        return
    if installed >= digit_version('4.53') and 'mmpretrain.models' not in sys.modules:
        from mmpretrain.utils import dependency

        dependency.WITH_MULTIMODAL = False
