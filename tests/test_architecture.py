"""The house keeps its shape: arrows point downward, files stay small, each part is listed once.

Everything is read from the source, so a rule holds for code that no other test reaches.
"""

import ast
import runpy
from pathlib import Path

import pytest
from helpers import ROOT

from mmpretrain_mlml.parts import PARTS

PACKAGE = ROOT / 'mmpretrain_mlml'
MODULES = sorted(PACKAGE.rglob('*.py'))
STACK = {'mmcv', 'mmengine', 'mmpretrain'}

# A room may import from rows below its own, never from its own or from above: the rows of the picture.
ROWS = [set(row) for _, row in runpy.run_path(str(ROOT / 'docs/extensions/rooms.py'))['ROWS']]
ROW = {room: number for number, rooms in enumerate(reversed(ROWS)) for room in rooms}
# The front door: registers the parts, which it imports by their names.
ROW |= {'parts': ROW['repairs'], '__init__': len(ROWS)}
GROUND = {'labels', 'losses', 'evaluation', 'files', 'paths', 'deprecation', 'printable', 'version'}
WITHOUT_STACK = GROUND | {'parts', '__init__'}
LINES = 250  # most modules have fewer than 150

TREES = {path: ast.parse(path.read_text()) for path in MODULES}
HOOKS = sorted((PACKAGE / 'hooks').glob('*/[!_]*.py'))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix('.py')


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(path: Path, nodes) -> set[str]:
    """Absolute names of the modules that import statements among some nodes name."""
    names = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module)
        elif isinstance(node, ast.ImportFrom):
            folder = path.relative_to(ROOT).parent.parts
            parent = '.'.join(folder[: len(folder) + 1 - node.level])
            if node.module:
                names.add(f'{parent}.{node.module}')
            else:
                names.update(f'{parent}.{alias.name}' for alias in node.names)
    return names


def at_import(tree: ast.Module):
    """Nodes that run when a module is imported: not in functions, not for type checkers alone."""
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.unparse(node.test):
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


IMPORTS = {path: imported(path, ast.walk(tree)) for path, tree in TREES.items()}


def test_every_room_has_its_row_and_rows_hold_rooms_that_exist():
    assert {room_of(path) for path in MODULES} == set(ROW) - {'tools', 'configs'}


def test_the_ground_floor_is_below_all_that_needs_mmpretrain():
    assert set().union(*ROWS[-2:]) == GROUND


def test_arrows_point_downward():
    upward = set()
    for path, names in IMPORTS.items():
        room = room_of(path)
        others = {n.split('.')[1] for n in names if n.startswith('mmpretrain_mlml.')} - {room}
        upward |= {f'{name_of(path)} -> {o}' for o in others if ROW[o] >= ROW[room]}
    assert not upward


def test_no_module_imports_the_package_or_anything_beside_it():
    outside = {'benchmarks', 'configs', 'experiments', 'helpers', 'tests', 'tools'}
    wrong = {
        f'{name_of(path)} -> {name}'
        for path, names in IMPORTS.items()
        for name in names
        if name == 'mmpretrain_mlml' or name.split('.')[0] in outside
    }
    assert not wrong


def test_ground_floor_is_imported_without_mmpretrain():
    wrong = {
        f'{name_of(path)} -> {name}'
        for path, tree in TREES.items()
        if room_of(path) in WITHOUT_STACK
        for name in imported(path, at_import(tree))
        if name.split('.')[0] in STACK
    }
    assert not wrong


def test_modules_are_small():
    lines = {name_of(path): len(path.read_text().splitlines()) for path in MODULES}
    assert not {name: count for name, count in lines.items() if count > LINES}


@pytest.mark.parametrize('path', HOOKS, ids=lambda path: path.stem)
def test_a_hook_module_defines_the_hook_of_its_name(path):
    classes = [node for node in TREES[path].body if isinstance(node, ast.ClassDef)]
    hooks = [
        node.name for node in classes if any(ast.unparse(b).endswith('Hook') for b in node.bases)
    ]
    assert [name.lower() for name in hooks] == [path.stem.replace('_', '')]
    assert all(node.name in hooks or node.name.endswith('Error') for node in classes)
    module = path.with_suffix('').relative_to(PACKAGE).as_posix().replace('/', '.')
    assert PARTS[hooks[0]] == module


def test_hooks_holds_hooks_only():
    modules = {path for path in (PACKAGE / 'hooks').rglob('*.py') if path.name != '__init__.py'}
    assert modules == set(HOOKS)
    assert len(HOOKS) == len([name for name in PARTS if name.endswith('Hook')])


def test_parts_are_listed_in_one_table():
    listing = {}
    for path, tree in TREES.items():
        constants = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        aliases = {node.name for node in ast.walk(tree) if isinstance(node, ast.alias)}
        listing[name_of(path)] = (constants | aliases) & set(PARTS)
    assert listing.pop('mmpretrain_mlml/parts.py') == set(PARTS)
    assert not {name: parts for name, parts in listing.items() if len(parts) > 3}
