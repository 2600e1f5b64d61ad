"""Building review pages from proposals and pictures."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from PIL import Image

from ...files import atomic_write
from .thumbnails import thumbnail

SOURCES = Path(__file__).parent
PROPOSALS_A_PAGE = 5000
INLINE_BYTES = 8 << 20  # thumbnails of a page above this size are files beside it
IMAGE_FOLDER = 'review_images'
DATA_URL = 'data:image/jpeg;base64,'

OpenImage = Callable[[int], Image.Image]
FileOf = Callable[[int], 'str | os.PathLike[str] | None']


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
        inline_bytes: Size of the thumbnails above which they are files in ``review_images/``.

    Returns:
        The pages, in order.

    Raises:
        OSError: If a file cannot be written, or an image cannot be opened.
        ValueError: If ``boxes`` does not fit the proposals.
    """
    folder = Path(folder)
    if boxes is not None and boxes.shape != (len(proposals), 4):
        raise ValueError(f'expected boxes of shape {(len(proposals), 4)}, got {boxes.shape}')
    starts = range(0, max(len(proposals), 1), proposals_a_page)
    files = [folder / _page_name(number) for number in range(len(starts))]
    for number, (start, path) in enumerate(zip(starts, files, strict=True)):
        part = slice(start, start + proposals_a_page)
        shown = proposals[part]
        images, positions = np.unique(shown['image'], return_inverse=True)
        thumbnails = [thumbnail(open_image(int(image))) for image in images]
        if sum(map(len, thumbnails)) > inline_bytes:
            urls = _write_thumbnails(folder / IMAGE_FOLDER, images, thumbnails)
        else:
            urls = [DATA_URL + base64.b64encode(jpeg).decode() for jpeg in thumbnails]
        entries = [
            {
                'name': str(names[image]),
                'thumbnail': url,
                'file': _relative_url(file_of(int(image)), folder) if file_of else '',
            }
            for image, url in zip(images, urls, strict=True)
        ]
        page_boxes = None if boxes is None else boxes[part]
        data = _data(shown, positions, entries, classes, page_boxes)
        page = _fill(data, f'{title} {number + 1}' if len(files) > 1 else title, files, number)
        with atomic_write(path, 'w') as file:
            file.write(page)
    return files


def _page_name(number: int) -> str:
    return 'review.html' if number == 0 else f'review-{number + 1}.html'


def _data(
    proposals: np.ndarray,
    positions: np.ndarray,
    images: list[dict[str, str]],
    classes: Sequence[str],
    boxes: np.ndarray | None,
) -> dict[str, Any]:
    used, class_positions = np.unique(proposals['class'], return_inverse=True)
    if boxes is None:
        boxes = np.full((len(proposals), 4), np.nan)
    located = [None if np.isnan(box).any() else box.tolist() for box in boxes]
    columns = (
        positions.tolist(),
        class_positions.tolist(),
        proposals['probability'].round(4).tolist(),
        proposals['kind'].tolist(),
        located,
    )
    names = [str(classes[index]) for index in used]
    entries = [(images[image]['name'], names[one]) for image, one in zip(*columns[:2])]
    digest = hashlib.sha256(json.dumps(entries).encode()).hexdigest()[:16]
    return {'digest': digest, 'classes': names, 'images': images, 'proposals': list(zip(*columns))}


def _fill(data: dict[str, Any], title: str, files: list[Path], number: int) -> str:
    """Return the page. Names reach it as JSON without ``<``, so that they cannot end the element."""
    script = (SOURCES / 'page.js').read_text(encoding='utf-8')
    style = (SOURCES / 'page.css').read_text(encoding='utf-8')
    links = ''.join(
        f'<a href="{file.name}"{" aria-current=page" if index == number else ""}>{index + 1}</a> '
        for index, file in enumerate(files)
    )
    parts = {
        'POLICY': (
            "default-src 'none'; img-src data: 'self' file:; "
            f"script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
            "base-uri 'none'; form-action 'none'"
        ),
        'TITLE': html.escape(title),
        'STYLE': style,
        'SCRIPT': script,
        'PAGES': f'<span>Pages {links}</span>' if len(files) > 1 else '',
        'DATA': json.dumps(data).replace('<', '\\u003c').replace('>', '\\u003e'),
    }
    page, *pieces = (SOURCES / 'page.html').read_text(encoding='utf-8').split('@')
    for index, piece in enumerate(pieces):
        page += parts[piece] if index % 2 == 0 else piece
    return page


def _hash(text: str) -> str:
    return 'sha256-' + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _relative_url(file: str | os.PathLike[str] | None, folder: Path) -> str:
    if file is None:
        return ''
    return quote(Path(os.path.relpath(file, folder)).as_posix())


def _write_thumbnails(folder: Path, images: np.ndarray, thumbnails: list[bytes]) -> list[str]:
    folder.mkdir(exist_ok=True)
    for image, jpeg in zip(images, thumbnails, strict=True):
        with atomic_write(folder / f'{image}.jpg') as file:
            file.write(jpeg)
    return [f'{IMAGE_FOLDER}/{image}.jpg' for image in images]
