"""Building the page of errors from predictions and pictures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...evaluation import Predictions
from ...evaluation.errors import Errors, decide, find_errors
from ...files import atomic_write
from ...pages import FileOf, OpenImage, Thumbnails, fill_page, page_series, relative_url

SOURCES = Path(__file__).parent
IMAGE_FOLDER = 'error_images'
COUNT = 12  # errors of a class and kind
ERRORS_A_PAGE = 4000
ERRORS_IN_ALL = 20_000  # above which fewer of each class are shown
RIGHT, WRONG, MISSED, UNOBSERVED = range(4)  # what is said of a tag


def write_error_gallery(
    folder: str | os.PathLike[str],
    predictions: Predictions,
    open_image: OpenImage,
    *,
    threshold: float | np.ndarray = 0.5,
    topk: int | None = None,
    file_of: FileOf | None = None,
    count: int = COUNT,
    errors_a_page: int = ERRORS_A_PAGE,
    title: str = 'Errors',
) -> list[Path]:
    """Write ``errors.html`` and, for more errors than fit one page, ``errors-2.html`` and so on.

    A page shows, class by class, the most confident false positives (predicted, labelled absent; where
    labels are incomplete often missing labels) and the worst misses (labelled, not predicted).

    Args:
        folder: Folder for the pages and their pictures; it is made.
        predictions: Predictions and targets of N images.
        open_image: Function that returns the picture of an image index.
        threshold: Decision threshold; or one for each class, (C,).
        topk: Number of classes predicted for each image; replaces the threshold.
        file_of: Function that returns the file of an image index, which the large view shows; None to
            show the small picture.
        count: Greatest number of errors of a class and kind; fewer where there are thousands of
            classes.
        errors_a_page: Number of errors above which a page ends with its class.
        title: Heading of the pages.

    Returns:
        The pages, in order.

    Raises:
        OSError: If a file cannot be written, or an image cannot be opened.
        ValueError: If the predictions or an argument are invalid.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    scores, targets = predictions.scores, predictions.targets
    count = min(count, max(1, ERRORS_IN_ALL // (2 * scores.shape[1])))
    errors = find_errors(scores, targets, threshold, topk, count)
    both = np.concatenate([errors.false_positives, errors.misses])
    images = np.unique(both['image']).tolist()
    thumbnails = Thumbnails(images, open_image, folder / IMAGE_FOLDER)
    groups = _pages_of(errors, errors_a_page)
    pages = page_series(folder, 'errors', title, len(groups))
    limits = np.broadcast_to(np.asarray(threshold, np.float64), scores.shape[1])
    for classes, page in zip(groups, pages, strict=True):
        shown = both[np.isin(both['class'], classes)]
        content = _Content(predictions, errors, np.unique(shown['image']), classes)
        data = {
            'title': page.heading,
            'images': content.images(thumbnails, folder, file_of, threshold, topk),
            'names': predictions.classes.tolist(),
            'classes': content.sections(None if topk else limits),
            'topk': topk,
        }
        text = fill_page(
            SOURCES / 'gallery.html',
            title=page.heading,
            data=data,
            scripts=[SOURCES / 'gallery.js'],
            styles=[SOURCES / 'gallery.css'],
            markup={'PAGES': page.links},
        )
        with atomic_write(page.path, 'w') as out:
            out.write(text)
    return [page.path for page in pages]


class _Content:
    """What a page says of some classes and images.

    Args:
        predictions: Predictions and targets of all images.
        errors: Errors of all classes.
        images: Images of the page, sorted.
        classes: Classes of the page.
    """

    def __init__(
        self, predictions: Predictions, errors: Errors, images: np.ndarray, classes: Sequence[int]
    ) -> None:
        self._predictions = predictions
        self._errors = errors
        self._images = images
        self._classes = classes

    def images(
        self,
        thumbnails: Thumbnails,
        folder: Path,
        file_of: FileOf | None,
        threshold: float | np.ndarray,
        topk: int | None,
    ) -> list[dict[str, Any]]:
        """Return name, small picture, file and tags of each image."""
        rows = self._images
        scores, targets = self._predictions.scores[rows], self._predictions.targets[rows]
        predicted = decide(scores, targets, threshold, topk)
        before = 'data:image/jpeg;base64,' if thumbnails.inside else ''
        entries = []
        for row, image in enumerate(rows.tolist()):
            file = file_of(image) if file_of else None
            entries.append(
                {
                    'name': str(self._predictions.names[image]),
                    'thumbnail': before + thumbnails.text(image),
                    'file': '' if file is None else relative_url(file, folder),
                    'tags': _tags(scores[row], targets[row], predicted[row]),
                }
            )
        return entries

    def sections(self, limits: np.ndarray | None) -> list[dict[str, Any]]:
        """Return name, counts, threshold and errors of each class."""
        errors, targets = self._errors, self._predictions.targets
        return [
            {
                'name': index,
                'positives': int((targets[:, index] == 1).sum()),
                'false_positives': int(errors.number_false[index]),
                'missed': int(errors.number_missed[index]),
                'threshold': None if limits is None else round(float(limits[index]), 4),
                'shown': [
                    self._entries(kind[kind['class'] == index])
                    for kind in (errors.false_positives, errors.misses)
                ],
            }
            for index in self._classes
        ]

    def _entries(self, part: np.ndarray) -> list[tuple[int, float]]:
        positions = np.searchsorted(self._images, part['image'])
        return list(zip(positions.tolist(), part['probability'].round(4).tolist()))


def _tags(
    scores: np.ndarray, targets: np.ndarray, predicted: np.ndarray
) -> list[tuple[int, float, int]]:
    """Return index, probability and state of the tags of an image, the most probable first."""
    chosen = np.flatnonzero(predicted | (targets == 1))
    chosen = chosen[np.argsort(-scores[chosen], kind='stable')]
    states = {1: RIGHT, 0: WRONG, -1: UNOBSERVED}
    return [
        (index, round(float(scores[index]), 4), states[int(targets[index])])
        if predicted[index]
        else (index, round(float(scores[index]), 4), MISSED)
        for index in chosen.tolist()
    ]


def _pages_of(errors: Errors, most: int) -> list[list[int]]:
    """Return the classes of each page; those with most errors stand first."""
    number = errors.number_false + errors.number_missed
    shown = np.zeros(len(number), np.int64)
    for part in (errors.false_positives, errors.misses):
        shown += np.bincount(part['class'], minlength=len(number))
    pages: list[list[int]] = [[]]
    filled = 0
    for index in np.argsort(-number, kind='stable').tolist():
        if number[index]:
            pages[-1].append(index)
            filled += int(shown[index])
            if filled >= most:
                pages.append([])
                filled = 0
    return [page for page in pages if page] or [[]]
