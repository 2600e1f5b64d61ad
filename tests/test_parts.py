"""The table of parts is complete: registered, exported, and importable by room."""

import importlib
import pkgutil
import subprocess
import sys

import mmpretrain.registry
import pytest
from helpers import ROOT
from mmengine.registry import Registry

import mmpretrain_mlml
from mmpretrain_mlml import hooks, optim
from mmpretrain_mlml.losses import FAMILY
from mmpretrain_mlml.parts import PARTS, REGISTRIES, parts_in

# What an import of the package may import of it: no room of registered parts, and nothing above.
IMPORTED = {'losses', 'repairs', 'parts', 'paths', 'files', 'deprecation', 'version'}


def registered() -> dict[str, list[type]]:
    """Classes of this package in MMPretrain's registries and their parents, by registered name."""
    parts: dict[str, list[type]] = {}
    stock = [item for item in vars(mmpretrain.registry).values() if isinstance(item, Registry)]
    for registry in {*stock, *(registry.parent for registry in stock)} - {None}:
        for name, part in registry.module_dict.items():
            if part.__module__.startswith('mmpretrain_mlml.'):
                parts.setdefault(name, []).append(part)
    return parts


@pytest.mark.parametrize('name', PARTS)
def test_part_is_registered_and_exported_under_its_name(name):
    part = getattr(mmpretrain_mlml, name)
    assert part.__module__ == f'mmpretrain_mlml.{PARTS[name]}'
    assert registered()[name] == [part]
    assert name in mmpretrain_mlml.__all__
    assert name in dir(mmpretrain_mlml)


def test_every_registered_class_is_in_the_table_or_the_family():
    for module in pkgutil.walk_packages(mmpretrain_mlml.__path__, 'mmpretrain_mlml.'):
        importlib.import_module(module.name)
    assert sorted(registered()) == sorted([*PARTS, *(loss.__name__ for loss in FAMILY)])


def test_importing_the_package_registers_everything_and_imports_little():
    """In a process of its own, where no other import can have helped."""
    code = f"""
import sys
import mmpretrain
from mmpretrain import registry
registry.HOOKS._imported = True  # as if it had been asked for a hook before
before = set(sys.modules)
import mmpretrain_mlml
new = set(sys.modules) - before
rooms = {{name.split('.')[1] for name in new if name.startswith('mmpretrain_mlml.')}}
others = {{name for name in new if name.split('.')[0] not in before}} - sys.stdlib_module_names
others = {{name for name in others if not name.startswith('mmpretrain_mlml')}}
assert rooms <= {IMPORTED!r}, rooms
assert not others, others
assert 'mmpretrain.models' not in new
for name, parts in {REGISTRIES!r}.items():
    for part in parts:
        found = getattr(registry, name).get(part)
        assert found is getattr(mmpretrain_mlml, part) and isinstance(found, type), part
assert isinstance(registry.MODELS.build(dict(type='Hill')), mmpretrain_mlml.Hill)
assert registry.MODELS.get('mmpretrain_mlml.Hill') is mmpretrain_mlml.Hill
"""
    subprocess.run([sys.executable, '-W', 'ignore', '-c', code], check=True, cwd=ROOT)


@pytest.mark.parametrize('room', [hooks, optim])
def test_room_exports_its_parts(room):
    names = parts_in(room.__name__.rpartition('.')[2])
    assert len(names) > 1
    for name in names:
        assert getattr(room, name) is getattr(mmpretrain_mlml, name)
        assert name in room.__all__


def test_hooks_export_what_stops_training():
    assert issubclass(hooks.NonFiniteError, RuntimeError)


@pytest.mark.parametrize('module', [mmpretrain_mlml, hooks])
def test_unknown_names_are_attribute_errors(module):
    assert not hasattr(module, 'nothing')
    with pytest.raises(AttributeError, match=r"module 'mmpretrain_mlml.* no attribute 'nothing'"):
        module.nothing  # noqa: B018


def test_hooks_do_not_offer_parts_of_other_rooms():
    assert not hasattr(hooks, 'OneCycle')
