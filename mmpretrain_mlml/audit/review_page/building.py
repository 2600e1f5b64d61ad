"""Building review pages from proposals and pictures.

What the page shares with other pages (small pictures, the base of its style, how a template is
filled) is in :mod:`mmpretrain_mlml.pages`; here is what a review alone has: proposals, in the order
in which the page shows them, and boxes of where the model looks.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...files import atomic_write
from ...pages import FileOf, OpenImage, Thumbnails, fill_page, page_series, relative_url
from ...pages.thumbnails import INLINE_BYTES, Progress

SOURCES = Path(__file__).parent
SCRIPTS = [
    SOURCES / f'{name}.js'
    for name in ('proposals', 'deciding', 'csv', 'keeping', 'grid', 'sheets', 'large', 'start')
]
PROPOSALS_A_PAGE = 5000
BLOCK = 48  # thumbnails in one element of the page, which the browser reads when it needs one
IMAGE_FOLDER = 'review_images'


def write_review_pages(
    folder: str | os.PathLike[str],
    proposals: np.ndarray,
    names: Sequence[str],
    classes: Sequence[str],
    open_image: OpenImage,
    *,
    file_of: FileOf | None = None,
    boxes: np.ndarray | None = None,
    title: str = 'Review',
    proposals_a_page: int = PROPOSALS_A_PAGE,
    inline_bytes: int = INLINE_BYTES,
    progress: Progress = iter,
) -> list[Path]:
    """Write ``review.html`` and, for more proposals than fit one page, ``review-2.html`` and so on.

    Args:
        folder: Existing folder for the pages.
        proposals: From :func:`~mmpretrain_mlml.audit.propose`, (K,).
        names: N image names, to which the proposals refer.
        classes: C class names.
        open_image: Function that returns the picture of an image index.
        file_of: Function that returns the file of an image index, which the large view shows; None to
            show the thumbnail.
        boxes: For each proposal left, top, width and height of where the model looks, as shares of the
            picture, (K, 4); a row of NaN if that is unknown.
        title: Heading of the pages.
        proposals_a_page: Greatest number of proposals on a page.
        inline_bytes: Size of all thumbnails above which they are files in ``review_images/``.
        progress: Function that shows progress over the images.

    Returns:
        The pages, in order.

    Raises:
        OSError: If a file cannot be written, or an image cannot be opened.
        ValueError: If ``boxes`` does not fit the proposals.
    """
    folder = Path(folder)
    if boxes is None:
        boxes = np.full((len(proposals), 4), np.nan)
    if boxes.shape != (len(proposals), 4):
        raise ValueError(f'expected boxes of shape {(len(proposals), 4)}, got {boxes.shape}')
    images = np.unique(proposals['image']).tolist()
    thumbnails = Thumbnails(
        images, open_image, folder / IMAGE_FOLDER, inline_bytes=inline_bytes, progress=progress
    )
    starts = range(0, max(len(proposals), 1), proposals_a_page)
    pages = page_series(folder, 'review', title, len(starts))
    for start, page in zip(starts, pages, strict=True):
        part = slice(start, start + proposals_a_page)
        shown = proposals[part]
        pictures = _first_shown(shown)
        data = _data(shown, pictures, names, classes, boxes[part]) | {'title': page.heading}
        for entry, image in zip(data['images'], pictures, strict=True):
            file = file_of(image) if file_of else None
            entry['file'] = '' if file is None else relative_url(file, folder)
            if not thumbnails.inside:
                entry['thumbnail'] = thumbnails.text(image)
        if thumbnails.inside:
            data['block'] = BLOCK
        first, *others = _blocks(pictures, thumbnails) or ['']
        text = fill_page(
            SOURCES / 'page.html',
            title=page.heading,
            data=data,
            scripts=SCRIPTS,
            styles=[SOURCES / 'page.css'],
            markup={
                'PAGES': page.links,
                'FIRST_THUMBNAILS': first,
                'OTHER_THUMBNAILS': ''.join(others),
            },
        )
        with atomic_write(page.path, 'w') as out:
            out.write(text)
    return [page.path for page in pages]


def _first_shown(proposals: np.ndarray) -> list[int]:
    """Return the images in the order in which the page first shows them: class by class."""
    _, first, inverse = np.unique(proposals['class'], return_index=True, return_inverse=True)
    by_class = np.argsort(first[inverse], kind='stable')
    return list(dict.fromkeys(proposals['image'][by_class].tolist()))


def _data(
    proposals: np.ndarray,
    pictures: list[int],
    names: Sequence[str],
    classes: Sequence[str],
    boxes: np.ndarray,
) -> dict[str, Any]:
    position = {image: number for number, image in enumerate(pictures)}
    used, class_positions = np.unique(proposals['class'], return_inverse=True)
    columns = (
        [position[image] for image in proposals['image'].tolist()],
        class_positions.tolist(),
        proposals['probability'].round(4).tolist(),
        proposals['kind'].tolist(),
        [None if np.isnan(box).any() else box.round(4).tolist() for box in boxes],
    )
    images = [{'name': str(names[image])} for image in pictures]
    shown_classes = [str(classes[index]) for index in used]
    entries = [(images[image]['name'], shown_classes[one]) for image, one in zip(*columns[:2])]
    digest = hashlib.sha256(json.dumps(entries).encode()).hexdigest()[:16]
    return {
        'digest': digest,
        'classes': shown_classes,
        'images': images,
        'proposals': list(zip(*columns)),
    }


def _blocks(pictures: list[int], thumbnails: Thumbnails) -> list[str]:
    """Return elements with the thumbnails of ``BLOCK`` pictures each, in base 64, one a line."""
    if not thumbnails.inside:
        return []
    return [
        f'<script type="text/plain" id="thumbnails-{start // BLOCK}">'
        + '\n'.join(map(thumbnails.text, pictures[start : start + BLOCK]))
        + '</script>\n'
        for start in range(0, len(pictures), BLOCK)
    ]
