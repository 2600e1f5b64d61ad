"""Where the model looks, for the zoom of the review page. Needs numpy alone."""

from __future__ import annotations

import csv
import os
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ..labels import DataError

COLUMNS = ('image', 'class', 'left', 'top', 'width', 'height')
LEVEL = 0.5  # share of the greatest value above which a map counts


def read_boxes(
    source: str | os.PathLike[str],
    proposals: np.ndarray,
    names: Sequence[str],
    classes: Sequence[str],
) -> np.ndarray:
    """Return for each proposal the box in which the model looks.

    Args:
        source: CSV file with the columns ``image,class,left,top,width,height`` (shares of the
            picture), or a folder with a file ``IMAGE.npz`` for each image, such as
            ``photos/a.jpg.npz`` for the image ``photos/a.jpg``. It holds ``classes``, K' class
            names, and ``maps``, (K', h, w), whose values above half of the greatest make the box.
        proposals: From :func:`~mmpretrain_mlml.audit.propose`, (K,).
        names: N image names.
        classes: C class names.

    Returns:
        Left, top, width and height as shares of the picture, (K, 4), float64; NaN without a map.

    Raises:
        DataError: If a file cannot be used, or there is no map for any proposal.
        FileNotFoundError: If there is no such file or folder.
    """
    source = Path(source)
    entries = [
        (str(names[image]), str(classes[class_]))
        for image, class_ in proposals[['image', 'class']].tolist()
    ]
    if source.is_dir():
        found = {}
        for image in dict.fromkeys(image for image, _ in entries):
            for name, box in _boxes_of_maps(source / f'{image}.npz'):
                found[image, name] = box
    else:
        found = dict(_boxes_of_table(source))
    boxes = np.array([found.get(entry, (np.nan,) * 4) for entry in entries]).reshape(-1, 4)
    if len(entries) and np.isnan(boxes).all():
        image, name = entries[0]
        raise DataError(
            str(source),
            'no map for any proposal',
            f'one for the image {image!r} and the class {name!r}, for example',
        )
    return boxes


def box_of_map(values: np.ndarray) -> tuple[float, float, float, float]:
    """Return the box around the values of a map (h, w) above half of the greatest, as shares.

    >>> box_of_map(np.array([[0, 0, 0, 0], [0, 4, 3, 1]]))
    (0.25, 0.5, 0.5, 0.5)
    """
    above = values >= LEVEL * values.max()
    rows, columns = np.flatnonzero(above.any(1)), np.flatnonzero(above.any(0))
    (height, width) = values.shape
    top, left = rows[0] / height, columns[0] / width
    size = ((columns[-1] + 1) / width - left, (rows[-1] + 1) / height - top)
    return float(left), float(top), float(size[0]), float(size[1])


def _boxes_of_maps(path: Path) -> Iterator[tuple[str, tuple[float, ...]]]:
    if not path.is_file():
        return
    try:
        with path.open('rb') as file, np.load(file, allow_pickle=False) as arrays:
            classes, maps = arrays['classes'], np.asarray(arrays['maps'], np.float64)
    except (EOFError, KeyError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise DataError(str(path), str(error), 'an npz file with classes and maps') from error
    if maps.ndim != 3 or maps.shape[:1] != classes.shape or not maps.size:
        raise DataError(
            str(path),
            f'maps of {maps.shape} and classes of {classes.shape}',
            "(K', h, w) and (K',)",
        )
    for name, values in zip(classes.tolist(), maps):
        if not np.isfinite(values).all():
            raise DataError(str(path), f'a map of {name!r} with NaN or infinity', 'finite values')
        if values.max() > 0:
            yield str(name), box_of_map(values)


def _boxes_of_table(path: Path) -> Iterator[tuple[tuple[str, str], tuple[float, ...]]]:
    with path.open(encoding='utf-8-sig', newline='') as file:
        rows = csv.DictReader(file)
        if missing := [name for name in COLUMNS if name not in (rows.fieldnames or ())]:
            raise DataError(f'{path}:1', 'other columns', f'also {", ".join(missing)}')
        for row in rows:
            try:
                left, top, width, height = (float(row[name]) for name in COLUMNS[2:])
            except (TypeError, ValueError) as error:
                raise DataError(f'{path}:{rows.line_num}', str(error), 'four numbers') from error
            inside = 0 <= left < 1 and 0 <= top < 1 and width > 0 and height > 0
            if not (inside and left + width <= 1 + 1e-6 and top + height <= 1 + 1e-6):
                raise DataError(
                    f'{path}:{rows.line_num}',
                    f'the box {left:g},{top:g},{width:g},{height:g}',
                    'left, top, width and height as shares of the picture, inside it',
                )
            yield (row['image'], row['class']), (left, top, width, height)
