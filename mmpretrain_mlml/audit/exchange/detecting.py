"""Which tool wrote a file, by its content."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from ...labels import DataError
from ..decisions import Decision
from . import cvat, fiftyone, label_studio

XML_OF_CVAT = 'annotations.xml'


def read_export(path: Path) -> list[Decision] | None:
    """Return the decisions in an export of Label Studio, CVAT or FiftyOne; None for another file.

    Args:
        path: JSON of Label Studio; XML of CVAT, or the ZIP file that holds it; ``samples.json`` of
            FiftyOne, or its folder.

    Raises:
        DataError: If the file begins like one of these and cannot be used.
        OSError: If it cannot be read.
    """
    if path.is_dir():
        path = path / 'samples.json'
    with path.open('rb') as file:
        start = file.read(64).removeprefix(b'\xef\xbb\xbf').lstrip()
    if start.startswith(b'PK'):
        return cvat.read(_unzipped(path), str(path))
    if start.startswith(b'<'):
        return cvat.read(path.read_bytes(), str(path))
    if start[:1] not in (b'[', b'{'):
        return None
    try:
        content = json.loads(path.read_text(encoding='utf-8-sig'))
    except ValueError as error:  # bad JSON or bad UTF-8
        raise DataError(str(path), str(error), 'JSON of Label Studio or FiftyOne') from error
    tool = label_studio if start.startswith(b'[') else fiftyone
    try:
        return tool.read(content, str(path))
    except (AttributeError, KeyError, TypeError) as error:  # other types than the tool writes
        raise DataError(
            str(path), f'an entry of another type ({error})', 'an unchanged export'
        ) from error


def _unzipped(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(XML_OF_CVAT)
    except (KeyError, zipfile.BadZipFile) as error:
        raise DataError(
            str(path), f'a ZIP file: {error}', f'an export of CVAT that holds {XML_OF_CVAT}'
        ) from error
