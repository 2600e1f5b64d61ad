"""Configs may import the standard library, wherever it lies."""

import copy
import json
import pickle
import sys

import pytest
from mmengine.config import Config, utils

import mmpretrain_mlml

BASE = 'b = 2\n'
TEXT = (
    "import os\nimport json as j\n_base_ = './base.py'\na = os.path.join('x', j.loads('\"y\"'))\n"
)
LAZY = """
import os
import os.path as osp
import json
from collections import OrderedDict
from mmengine.config import read_base
with read_base():
    from .base import *
from mmpretrain_mlml import Hill
a = os.path.join('x', osp.basename(json.loads('"y"')))
loss = dict(type=Hill)
"""


@pytest.fixture
def read(tmp_path, monkeypatch):
    monkeypatch.setattr(utils, 'PYTHON_ROOT_DIR', '/nowhere')  # as in a virtual environment
    monkeypatch.setattr(utils, 'SYSTEM_PYTHON_PREFIX', '/nowhere')
    (tmp_path / 'base.py').write_text(BASE)

    def write_and_read(text) -> Config:
        (tmp_path / 'config.py').write_text(text)
        return Config.fromfile(tmp_path / 'config.py')

    return write_and_read


def test_a_config_with_a_base_imports_os(read):
    assert not utils._is_builtin_module.__wrapped__('os')  # the symptom
    assert read(TEXT).to_dict() == {'a': 'x/y', 'b': 2}


def test_a_pure_python_config_imports_modules_and_can_be_used(read):
    cfg = read(LAZY)
    assert (cfg.a, cfg.b, cfg.loss.type) == ('x/y', 2, mmpretrain_mlml.Hill)
    for other in (copy.deepcopy(cfg), pickle.loads(pickle.dumps(cfg)), read(cfg.pretty_text)):
        assert {key: other[key] for key in 'ab'} == {'a': 'x/y', 'b': 2}


def test_other_modules_are_imported_lazily(read, tmp_path, monkeypatch):
    """Also one with the name of a module of the standard library."""
    (tmp_path / 'antigravity.py').write_text('raise SystemExit')
    monkeypatch.delitem(sys.modules, 'antigravity', raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    for name in ('antigravity', 'mmpretrain', 'no_such_module', '.json'):
        assert not utils._is_builtin_module(name)
    for name in ('sys', 'os.path', json.__name__, 'math', 'mmengine.config'):
        assert utils._is_builtin_module(name)
