"""The check that the built pages load nothing from the network."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

# Links that a reader follows are fine; what a browser loads by itself is not.
LOADED = re.compile(
    r"""<(?:script|img|iframe|source|video)\b[^>]*\bsrc=["'](?:https?:)?//[^"']+"""
    r"""|<link\b[^>]*\bhref=["'](?:https?:)?//[^"']+"""
)


def loaded_from_elsewhere(html: str) -> list[str]:
    """Return the tags by which a page loads something from the network."""
    return LOADED.findall(html)


def setup(app: Any) -> dict[str, bool]:
    """Check all pages when they are built."""
    from sphinx.errors import SphinxError

    def check(app: Any, error: Exception | None) -> None:
        if error is not None:
            return
        for page in sorted(Path(app.outdir).rglob('*.html')):
            if tags := loaded_from_elsewhere(page.read_text()):
                raise SphinxError(f'{page} loads from the network: {tags[0]}')

    app.connect('build-finished', check)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}
