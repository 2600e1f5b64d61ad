"""A repair of a module that nobody has imported yet acts when somebody does."""

import importlib
import importlib.util
import sys

import pytest

from mmpretrain_mlml.repairs import after_import as module_of_it
from mmpretrain_mlml.repairs.after_import import after_import


@pytest.fixture
def name(tmp_path, monkeypatch):
    """A module that can be imported, and has not been."""
    (tmp_path / 'repaired_late.py').write_text("value = 'stock'\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(module_of_it, '_FINDER', module_of_it._Finder())
    monkeypatch.setattr(sys, 'meta_path', list(sys.meta_path))
    yield 'repaired_late'
    sys.modules.pop('repaired_late', None)


def repair():
    sys.modules['repaired_late'].value += ', repaired'


def test_acts_when_the_module_is_imported(name):
    finders = list(sys.meta_path)
    after_import(name, repair)
    assert name not in sys.modules
    assert importlib.util.find_spec(name).name == name  # a look at it imports nothing
    assert importlib.import_module(name).value == 'stock, repaired'
    assert sys.meta_path == finders
    assert importlib.reload(sys.modules[name]).value == 'stock'


def test_acts_at_once_on_a_module_that_is_there(name):
    finders = list(sys.meta_path)
    module = importlib.import_module(name)
    after_import(name, repair)
    assert module.value == 'stock, repaired'
    assert sys.meta_path == finders


def test_an_import_that_fails_is_tried_again(name, tmp_path):
    module = tmp_path / f'{name}.py'
    code = module.read_text()
    module.write_text("raise ValueError('broken')\n")
    after_import(name, repair)
    with pytest.raises(ValueError, match='broken'):
        importlib.import_module(name)
    module.write_text(code)
    importlib.invalidate_caches()
    assert importlib.import_module(name).value == 'stock, repaired'


def test_two_repairs_of_one_module(name):
    after_import(name, repair)
    after_import(name, repair)
    assert importlib.import_module(name).value == 'stock, repaired, repaired'


def test_a_module_that_does_not_exist_is_not_found(name):
    after_import('repaired_never', repair)
    assert importlib.util.find_spec('repaired_never') is None
