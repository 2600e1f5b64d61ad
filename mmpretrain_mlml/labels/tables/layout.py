"""The layout of a table: which columns hold what. Given, or found out from names and first rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import LabelError
from .options import TableOptions
from .separators import find_separator
from .source import Source, sample

# Usual names of columns, in lower case without other characters than letters.
USUAL = {
    'image': {
        'image', 'images', 'img', 'imgs', 'imagepath', 'imgpath', 'imageid', 'imgid', 'imagename',
        'imgname', 'imagefile', 'imagefilename', 'file', 'files', 'filename', 'filepath', 'path',
        'name', 'photo', 'photos', 'photoid', 'picture', 'id',
    },
    'tags': {
        'tag', 'tags', 'label', 'labels', 'labelname', 'labelnames', 'class', 'classes', 'classname',
        'category', 'categories', 'target', 'targets', 'keyword', 'keywords',
    },
    'value': {'value', 'confidence', 'score', 'present', 'presence', 'probability'},
    'absent': {'absent', 'negative', 'negatives', 'absenttags', 'negativetags', 'negativelabels'},
    'unobserved': {'unobserved', 'unknown', 'unobservedtags', 'unknowntags'},
}  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """Where a table holds what; columns by their positions.

    Attributes:
        kind: ``'cell'``, ``'columns'`` or ``'rows'``.
        image: Column of the image.
        tags: Columns of the tags: one, or for the kind ``'columns'`` one for each class.
        value: Column of the labels of the kind ``'rows'``; None if all are present.
        absent: Column of the absent tags of the kind ``'cell'``.
        unobserved: Column of the unobserved tags of the kind ``'cell'``.
        separator: What stands between the tags of a cell.
        extras: Further columns to read.
        description: The layout in words, for the log.
    """

    kind: str
    image: int
    tags: tuple[int, ...]
    value: int | None = None
    absent: int | None = None
    unobserved: int | None = None
    separator: str = ''
    extras: tuple[int, ...] = ()
    description: str = ''


def find_layout(source: Source, options: TableOptions, classes: Sequence[str] | None) -> Layout:
    """Find out the layout of a table.

    Args:
        source: The table.
        options: What is given.
        classes: Class names, if known.

    Raises:
        LabelError: If the columns fit no layout, or do not fit the options; says what to give.
    """
    where, names = f'{source.place_prefix}1', source.columns
    roles = _roles(where, source, options)
    extras = tuple(_position(where, names, name, 'extras') for name in options.extras)
    if 'image' not in roles:
        expected = f"one named image, file, path or so; or give columns=dict(image='{names[0]}')"
        raise LabelError(where, f'no column for the images among {_list(names)}', expected)
    kind = options.layout or _kind(source, roles)
    rest = [n for n in range(len(names)) if n not in {*roles.values(), *extras}]
    if kind == 'columns':
        known = set(classes or ())
        tags = tuple(n for n in range(len(names)) if n != roles['image'] and n not in extras)
        if options.other_classes == 'drop' and classes is not None:
            tags = tuple(n for n in tags if names[n] in known)
        if not tags:
            raise LabelError(where, f'no column of a class among {_list(names)}', 'one a class')
        text = f'one column a class ({len(tags)})'
        return Layout(kind, roles['image'], tags, extras=extras, description=_describe(
            source, text, roles['image'], [n for n in rest if n not in tags]
        ))  # fmt: skip
    if 'tags' not in roles:
        expected = "one named tags, labels or so; or give columns=dict(tags='NAME')"
        raise LabelError(where, f'no column for the tags among {_list(names)}', expected)
    if kind == 'rows':
        value = roles.get('value')
        text = f'one row a tag, from {names[roles["tags"]]!r}' + (
            f' with the value {names[value]!r}' if value is not None else ', all present'
        )
        unread = [*rest, *(roles[role] for role in ('absent', 'unobserved') if role in roles)]
        return Layout(kind, roles['image'], (roles['tags'],), value, extras=extras,
                      description=_describe(source, text, roles['image'], unread))  # fmt: skip
    columns = [roles[role] for role in ('tags', 'absent', 'unobserved') if role in roles]
    separator = options.separator
    if separator is None:
        cells = [cell for row in sample(source, columns) for cell in row]
        separator = find_separator(cells, classes)
    text = f'tags in a cell of {" and ".join(repr(names[n]) for n in columns)}' + (
        f', separated by {separator!r}' if separator else ', one a cell'
    )
    unread = [*rest, *(roles[role] for role in ('value',) if role in roles)]
    return Layout(
        'cell', roles['image'], (roles['tags'],), None, roles.get('absent'),
        roles.get('unobserved'), separator, extras,
        _describe(source, text, roles['image'], unread),
    )  # fmt: skip


def _roles(where: str, source: Source, options: TableOptions) -> dict[str, int]:
    """Return the column of each role: those given, and those with usual names."""
    names = source.columns
    roles = {
        role: _position(where, names, name, f'columns[{role!r}]')
        for role, name in options.columns.items()
    }
    taken = {*roles.values(), *(n for n, name in enumerate(names) if name in options.extras)}
    if source.headless:
        for role, number in zip(('image', 'tags', 'value'), range(len(names))):
            roles.setdefault(role, number)
        return roles
    plain = [re.sub('[^a-z]', '', name.lower()) for name in names]
    for role, usual in USUAL.items():
        found = [n for n, name in enumerate(plain) if name in usual and n not in taken]
        if role not in roles and found:
            roles[role] = found[0]
            taken.add(found[0])
    return roles


def _kind(source: Source, roles: dict[str, int]) -> str:
    if 'tags' not in roles:
        return 'columns'
    picks = [roles['image'], roles['tags']]
    rows = sample(source, picks)
    if any(isinstance(tags, (list, dict)) for _, tags in rows):
        return 'cell'
    if 'value' in roles:
        return 'rows'
    repeated = len({repr(image) for image, _ in rows}) < len(rows)
    several = any(mark in str(tags) for _, tags in rows for mark in '|;,')
    return 'rows' if repeated and not several else 'cell'


def _position(where: str, names: Sequence[str], name: str, option: str) -> int:
    if name not in names:
        raise LabelError(where, f'the columns {_list(names)}', f'{name!r} of {option} among them')
    return list(names).index(name)


def _describe(source: Source, text: str, image: int, unread: Sequence[int]) -> str:
    head = ' without names of columns' if source.headless else ''
    ignored = f'; not read: {_list([source.columns[n] for n in unread])}' if unread else ''
    return f'{source.kind}{head}, {text}; images from {source.columns[image]!r}{ignored}'


def _list(names: Sequence[Any]) -> str:
    return ', '.join(map(str, names[:10])) + (
        f' and {len(names) - 10} more' if len(names) > 10 else ''
    )
