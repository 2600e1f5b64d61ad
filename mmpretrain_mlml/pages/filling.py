"""Filling the template of a page."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

SOURCES = Path(__file__).parent
HEAD, BASE_STYLE = SOURCES / 'head.html', SOURCES / 'base.css'


def fill_page(
    template: str | os.PathLike[str],
    *,
    title: str,
    data: Any,
    scripts: Sequence[str | os.PathLike[str]],
    styles: Sequence[str | os.PathLike[str]] = (),
    markup: Mapping[str, str] | None = None,
) -> str:
    """Return a page in a single file.

    The head is the same for all pages. Its ``Content-Security-Policy`` allows this script, this style,
    and images from data and files. The template marks places as ``@NAME@`` and holds no other ``@``:
    ``TITLE``, ``SCRIPT``, ``DATA`` (inside a script element of type ``application/json``), and the
    names in ``markup``.

    Args:
        template: HTML file, from ``<body>`` on.
        title: Text; it is escaped.
        data: Anything that :func:`json.dumps` takes. Its text cannot end the element it stands in.
        scripts: JavaScript files, which become one script in this order.
        styles: CSS files after ``base.css``.
        markup: HTML for further places. The caller answers for it: names belong into ``data``.

    Raises:
        KeyError: If the template has a place for which there is nothing.
        OSError: If a file cannot be read.
    """
    script = ''.join(_read(path) for path in scripts)
    style = ''.join(_read(path) for path in (BASE_STYLE, *styles))
    parts = {
        'POLICY': (
            "default-src 'none'; img-src data: 'self' file:; "
            f"script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
            "base-uri 'none'; form-action 'none'"
        ),
        'TITLE': html.escape(title),
        'STYLE': style,
        'SCRIPT': script,
        'DATA': json.dumps(data).replace('<', '\\u003c').replace('>', '\\u003e'),
        **(markup or {}),
    }
    pieces = (_read(HEAD) + _read(template)).split('@')
    pieces[1::2] = [parts[name] for name in pieces[1::2]]
    return ''.join(pieces)


def relative_url(file: str | os.PathLike[str], folder: str | os.PathLike[str]) -> str:
    """Return the address of a file for a page in ``folder``.

    >>> relative_url('/photos/a #1.jpg', '/audit')
    '../photos/a%20%231.jpg'
    """
    return quote(Path(os.path.relpath(file, folder)).as_posix())


def _read(path: str | os.PathLike[str]) -> str:
    return Path(path).read_text(encoding='utf-8')


def _hash(text: str) -> str:
    return 'sha256-' + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
