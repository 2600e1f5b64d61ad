"""The picture of the package: its rooms, floor by floor, and who imports whom.

The arrows come from the imports in the code, so the picture cannot go stale: an import that points
upward and a room that has no place in :data:`ROWS` are errors of the build and of a test.

    python docs/extensions/rooms.py rooms.svg
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PACKAGE = 'mmpretrain_mlml'
# From the top down: the floor, its rooms, and for each room its place from left to right and a note.
# A room may only import rooms in lower rows.
ROWS: list[tuple[str, dict[str, tuple[float, str]]]] = [
    ('entry points', {'tools': (0.9, 'commands'), 'configs': (2.0, 'name parts by type')}),
    (
        'beyond one run',
        {
            'preparation': (-1.45, 'public data, downloaded'),
            'project': (-0.3, 'from a table'),
            'audit': (0.9, 'finds missing labels'),
        },
    ),
    ('', {'apis': (1.45, 'predictions')}),
    (
        '',
        {'study': (0.4, 'many runs, compared'), 'checkpoints': (1.45, 'weights in and out')},
    ),
    ('registered\nparts', {'hooks': (-1.2, 'loss state, monitoring,\nrecipe, reliability')}),
    (
        '',
        {
            'visualization': (-1.2, 'pictures, curves'),
            'monitoring': (0.45, 'what a loss does'),
            'loops': (2.1, 'validation'),
        },
    ),
    (
        '',
        {
            'datasets': (-1.45, 'and their check'),
            'optim': (-0.3, 'updates, one-cycle'),
            'backbones': (0.75, 'of timm'),
            'metrics': (1.8, 'for runners'),
        },
    ),
    ('', {'transforms': (-1.45, 'augmentation, loading'), 'runtime': (-0.3, 'processes, workers')}),
    ('repairs', {'repairs': (0.95, 'of the stack'), 'pages': (2.1, 'in one HTML file')}),
    (
        'no mm* imports',
        {
            'labels': (-1.2, 'numpy'),
            'losses': (0.1, 'torch'),
            'evaluation': (1.8, 'numpy'),
        },
    ),
    (
        '',
        {
            'printable': (-2.2, 'names'),
            'files': (-1.2, 'atomic writing'),
            'paths': (-0.1, 'shipped files'),
            'deprecation': (1.0, 'old names'),
            'version': (2.1, ''),
        },
    ),
]
# Drawn without arrows: configs name parts of every room, and every room uses the helpers.
WITHOUT_ARROWS = {'configs', *ROWS[-1][1]}
# The package's front door: it imports every room to register the parts.
FRONT_DOOR = {'__init__', 'parts'}


def room_of(path: Path) -> str:
    """Return the room that a source file belongs to."""
    parts = path.relative_to(ROOT).parts
    if parts[0] != PACKAGE:
        return parts[0]
    return parts[1].removesuffix('.py')


def imported_rooms(path: Path) -> Iterator[str]:
    """Yield the rooms that a source file imports, or that a config names in a dotted type."""
    text = path.read_text()
    inside = list(path.relative_to(ROOT).parts[1:-1])
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = inside[: len(inside) - node.level + 1]
        elif isinstance(node, ast.ImportFrom) and (node.module or '').split('.')[0] == PACKAGE:
            base = []
        else:
            continue
        module = (node.module or '').split('.') if node.module else []
        target = base + [part for part in module if node.level or part != PACKAGE]
        yield from target[:1] or [alias.name for alias in node.names]
    if room_of(path) == 'configs':
        yield from re.findall(rf'{PACKAGE}\.(\w+)', text)


def arrows() -> set[tuple[str, str]]:
    """Return the pairs (room, imported room) in the code."""
    sys.path.insert(0, str(ROOT))
    from mmpretrain_mlml.losses import FAMILY
    from mmpretrain_mlml.parts import PARTS

    home = {name: module.split('.')[0] for name, module in PARTS.items()}
    home |= {loss.__name__: 'losses' for loss in FAMILY}
    home |= {'MultiLabelLoss': 'losses', '__version__': 'version', 'config': 'paths'}
    pairs = {
        (room_of(path), home.get(target, target))
        for folder in (PACKAGE, 'tools', 'configs')
        for path in sorted((ROOT / folder).rglob('*.py'))
        for target in imported_rooms(path)
    }
    return {(one, other) for one, other in pairs if one != other and not FRONT_DOOR & {one, other}}


def problems(pairs: set[tuple[str, str]]) -> list[str]:
    """Return what is wrong with the arrows: imports that do not point downward, unknown rooms."""
    level = {room: -row for row, (_, rooms) in enumerate(ROWS) for room in rooms}
    rooms = {room for pair in pairs for room in pair} | {
        room_of(path) for path in (ROOT / PACKAGE).rglob('*.py')
    }
    lines = [
        f'{room} has no place in docs/extensions/rooms.py'
        for room in sorted(rooms - level.keys() - FRONT_DOOR)
    ]
    lines += [
        f'{one} imports {other}, which is not below it'
        for one, other in sorted(pairs)
        if one in level and other in level and level[other] >= level[one]
    ]
    return lines


def essential(pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return the pairs without those that follow from a chain of others."""
    below: dict[str, set[str]] = {}
    for one, other in pairs:
        below.setdefault(one, set()).add(other)

    def reachable(room: str) -> set[str]:
        return {far for near in below.get(room, ()) for far in {near} | reachable(near)}

    return {
        (one, other)
        for one, other in pairs
        if not any(other in reachable(near) for near in below[one] - {other})
    }


def draw(path: Path, pairs: set[tuple[str, str]]) -> None:
    """Draw the rooms and the essential arrows into an SVG file."""
    import matplotlib as mpl

    mpl.use('Agg')
    from matplotlib import pyplot as plt
    from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

    colours = ['#f6c667', '#f2a35e', '#8fbce6', '#b9a3d9', '#9fd3a5']
    floors = [index for index, (title, _) in enumerate(ROWS) if title]
    width, height, step = 2.5, 0.66, 1.15
    plt.rcParams.update({'svg.fonttype': 'none', 'font.family': 'sans-serif', 'svg.hashsalt': '0'})
    figure, axes = plt.subplots(figsize=(9.6, 9.2))
    centre: dict[str, tuple[float, float]] = {}
    for row, (_, rooms) in enumerate(ROWS):
        for room, (column, _) in rooms.items():
            centre[room] = (column * (width + 0.15), -row * step)
    ends = [*floors[1:], len(ROWS)]
    for colour, start, end in zip(colours, floors, ends):
        top = -start * step + step / 2
        axes.add_patch(
            Rectangle((-7.2, top), 14.4, (start - end) * step, color=colour, alpha=0.22, lw=0)
        )
        title = ROWS[start][0]
        axes.text(-7.05, top - 0.12, title, ha='left', va='top', fontsize=9.5, style='italic')
        for _, rooms in ROWS[start:end]:
            for room, (_, note) in rooms.items():
                x, y = centre[room]
                axes.add_patch(
                    FancyBboxPatch(
                        (x - width / 2, y - height / 2), width, height, zorder=3, lw=0.9,
                        boxstyle='round,pad=0,rounding_size=0.09', fc=colour, ec='#333333',
                    )
                )  # fmt: skip
                two = note.count('\n')
                axes.text(
                    x, y + (0.11 + 0.07 * two if note else 0), room, ha='center', va='center',
                    fontsize=10.5, weight='bold', zorder=4,
                )  # fmt: skip
                axes.text(
                    x, y - 0.13, note, ha='center', va='center', fontsize=7.5, zorder=4,
                    linespacing=0.95,
                )  # fmt: skip
    for one, other in sorted(pairs):
        if WITHOUT_ARROWS & {one, other}:
            continue
        (x, y), (to_x, to_y) = centre[one], centre[other]
        shift = max(-0.8, min(0.8, (to_x - x) * 0.16))
        axes.add_patch(
            FancyArrowPatch(
                (x + shift, y - height / 2), (to_x - shift, to_y + height / 2), zorder=2,
                arrowstyle='-|>', mutation_scale=10, lw=0.9, color='#444444', shrinkA=0, shrinkB=1,
            )
        )  # fmt: skip
    axes.set(xlim=(-7.2, 7.2), ylim=(-len(ROWS) * step + step / 2, step / 2))
    axes.axis('off')
    figure.savefig(path, bbox_inches='tight', pad_inches=0.05, metadata={'Date': None})
    plt.close(figure)


def main(path: str) -> None:
    """Draw the picture, or stop with what is wrong."""
    pairs = arrows()
    if lines := problems(pairs):
        sys.exit('\n'.join(lines))
    draw(Path(path), essential(pairs))


def setup(app: Any) -> dict[str, bool]:
    """Draw the picture when the documentation is built."""
    from sphinx.util import logging

    def build(app: Any) -> None:
        pairs = arrows()
        for line in problems(pairs):
            logging.getLogger(__name__).warning(line)
        out = Path(app.srcdir) / '_generated'
        out.mkdir(exist_ok=True)
        if not problems(pairs):
            draw(out / 'rooms.svg', essential(pairs))

    app.connect('builder-inited', build)
    return {'parallel_read_safe': True, 'parallel_write_safe': True}


if __name__ == '__main__':
    main(sys.argv[1])
