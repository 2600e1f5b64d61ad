"""pkgutil.find_loader, which Python 3.14 has removed and mmengine and mmcv still call."""

import pkgutil
import sys
from types import ModuleType

import numpy
import pytest
from helpers.runners import make_runner
from mmcv.utils.ext_loader import check_ops_exist
from mmengine.utils.dl_utils import mmcv_full_available

from mmpretrain_mlml.repairs.find_loader import provide_find_loader

REMOVED = ('find_loader', 'get_loader')


@pytest.fixture
def without_find_loader():
    """The pkgutil of Python 3.14, which has lost some functions."""
    held = {name: vars(pkgutil).pop(name) for name in REMOVED if name in vars(pkgutil)}
    yield
    vars(pkgutil).pop('find_loader', None)
    vars(pkgutil).update(held)


@pytest.mark.usefixtures('without_find_loader')
def test_mmengine_and_mmcv_find_out_whether_there_are_compiled_ops():
    for asks in (mmcv_full_available, check_ops_exist):
        with pytest.raises(AttributeError, match='find_loader'):
            asks()  # the symptom
    provide_find_loader()
    assert mmcv_full_available() is check_ops_exist() is False  # mmcv-lite has none


@pytest.mark.usefixtures('without_find_loader')
def test_loaders_are_those_of_the_modules(monkeypatch):
    provide_find_loader()
    assert pkgutil.find_loader('numpy') is numpy.__spec__.loader
    assert pkgutil.find_loader('no_such_module') is None
    odd = ModuleType('odd')
    monkeypatch.setitem(sys.modules, 'odd', odd)
    odd.__spec__ = None
    for name in ('no_such_package.module', 'odd'):
        with pytest.raises(ImportError):
            pkgutil.find_loader(name)


@pytest.mark.usefixtures('without_find_loader')
def test_a_run_trains_and_resumes_without_the_removed_functions(tmp_path):
    provide_find_loader()
    make_runner(tmp_path, train_cfg={'max_epochs': 1}).train()
    runner = make_runner(tmp_path, resume=True, train_cfg={'max_epochs': 2})
    runner.train()
    assert runner.epoch == 2


@pytest.mark.filterwarnings('ignore:.pkgutil.find_loader. is deprecated:DeprecationWarning')
def test_an_existing_function_stays(monkeypatch):
    mine = object()
    monkeypatch.setattr(pkgutil, 'find_loader', mine, raising=False)
    provide_find_loader()
    assert pkgutil.find_loader is mine
