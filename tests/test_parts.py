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
from mmpretrain_mlml.parts import PARTS, parts_in

REGISTRIES = [item for item in vars(mmpretrain.registry).values() if isinstance(item, Registry)]


def registered() -> dict[str, list[type]]:
    """Classes of this package in MMPretrain's registries and their parents, by registered name."""
    parts: dict[str, list[type]] = {}
    for registry in {*REGISTRIES, *(registry.parent for registry in REGISTRIES)} - {None}:
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


def test_importing_the_package_registers_everything():
    """In a process of its own, where no other import can have helped."""
    code = f"""
import mmpretrain_mlml
from mmengine.registry import Registry
import mmpretrain.registry
registries = [item for item in vars(mmpretrain.registry).values() if isinstance(item, Registry)]
names = {{name for registry in registries for name in registry.module_dict}}
expected = {[*PARTS, *(loss.__name__ for loss in FAMILY)]!r}
assert names.issuperset(expected), set(expected) - names
"""
    subprocess.run([sys.executable, '-c', code], check=True, cwd=ROOT)


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
