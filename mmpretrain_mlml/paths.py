from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def config(name: str) -> str:
    """The path of a shipped config, for inheriting from anywhere.

    In a config of your own project, whether this package came as a wheel, as an editable install or
    through PYTHONPATH::

        _base_ = __import__('mmpretrain_mlml').config('coco_0.4left_splc.py')

    Args:
        name: File name under ``configs/``.

    Raises:
        FileNotFoundError: There is no such config; says which there are.
    """
    folder = shipped('configs')
    path = folder / name
    if not path.is_file():
        known = ', '.join(sorted(found.name for found in folder.glob('*.py')))
        raise FileNotFoundError(f'no config {name!r} in {folder}; there are {known}')
    return str(path)


def shipped(folder: str) -> Path:
    """``configs`` or ``tools``: inside the package in a wheel, beside it in a checkout."""
    places = (_PACKAGE / folder, _PACKAGE.parent / folder)
    return next(place for place in places if place.is_dir())
