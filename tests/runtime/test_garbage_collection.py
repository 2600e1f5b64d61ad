"""The garbage collector is off while a tool imports and builds, and on while it trains."""

import ast
import gc

import pytest
from helpers import ROOT

from mmpretrain_mlml.runtime.garbage_collection import CollectFromNow, paused_garbage_collector


@pytest.fixture
def collector():
    """Leave the garbage collector as it was."""
    yield
    gc.enable()
    gc.unfreeze()


@pytest.mark.usefixtures('collector')
def test_the_hook_turns_it_on_for_new_objects():
    gc.disable()
    CollectFromNow().before_run(None)
    assert gc.isenabled()
    assert gc.get_freeze_count() > 1000
    cycle = []
    cycle.append(cycle)
    del cycle
    assert gc.collect() > 0


@pytest.mark.usefixtures('collector')
@pytest.mark.parametrize('on', [True, False])
def test_a_pause_leaves_it_on_or_off(on):
    (gc.enable if on else gc.disable)()
    with paused_garbage_collector():
        assert gc.get_freeze_count() > 1000
    assert gc.isenabled() is on
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize('name', ['train', 'test'])
def test_the_tools_turn_it_off_before_they_import(name):
    (main,) = [
        node
        for node in ast.parse((ROOT / f'tools/{name}.py').read_text()).body
        if isinstance(node, ast.FunctionDef)
    ]
    lines = [ast.unparse(node) for node in main.body]
    first = next(n for n, line in enumerate(lines) if line.startswith('from mmpretrain_mlml'))
    assert 'gc.disable()' in lines[:first]
