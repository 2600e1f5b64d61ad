"""Several pages that link to each other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class SeriesPage(NamedTuple):
    """One of several pages.

    Attributes:
        path: Its file.
        heading: Title of the series, with the number of the page if there are several.
        links: HTML with links to all pages; empty if there is one.
    """

    path: Path
    heading: str
    links: str


def page_series(
    folder: str | os.PathLike[str], stem: str, title: str, count: int
) -> list[SeriesPage]:
    """Return ``STEM.html``, ``STEM-2.html`` and so on.

    Args:
        folder: Folder of the pages.
        stem: Name of the first file without its ending, safe in HTML.
        title: Title of the series.
        count: Number of pages.

    >>> [page.path.name for page in page_series('audit', 'review', 'Review', 2)]
    ['review.html', 'review-2.html']
    """
    names = [
        f'{stem}-{number}.html' if number > 1 else f'{stem}.html' for number in range(1, count + 1)
    ]
    if count == 1:
        return [SeriesPage(Path(folder, names[0]), title, '')]
    return [
        SeriesPage(Path(folder, name), f'{title} {number}', _links(names, name))
        for number, name in enumerate(names, 1)
    ]


def _links(names: list[str], current: str) -> str:
    links = (
        f'<a href="{name}"{" aria-current=page" if name == current else ""}>{number}</a>'
        for number, name in enumerate(names, 1)
    )
    return f'<nav class="bar" aria-label="Pages">Pages {" ".join(links)}</nav>'
