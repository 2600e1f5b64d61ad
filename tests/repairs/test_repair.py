"""All repairs together: applied once, at the first import, listed in the docs, and turned off."""

import importlib
import inspect
import json
import os
import re
from pathlib import Path
from types import SimpleNamespace

import mmengine.runner.checkpoint as mmengine_checkpoint
import pytest
from helpers import ROOT
from mmengine.runner import Runner

import mmpretrain_mlml
from mmpretrain_mlml.repairs import repairs_are_on, require_repairs
from mmpretrain_mlml.repairs.loading import CODE_ALLOWED
from mmpretrain_mlml.repairs.resume import skip_batches
from mmpretrain_mlml.runtime.scripts import keep_weights_only, run_mmpretrain_script

# Prints which attributes of the stack the import of this package replaces.
COMPARE = """
import inspect, json, pkgutil, sys
import mmengine.model, mmengine.optim, mmengine.runner, mmengine.visualization, mmpretrain.apis
import mmengine._strategy, mmcv.transforms, mmpretrain.models, torch.serialization
from inspect import isclass
from mmengine.runner import CheckpointLoader

def attributes():
    found = {}
    for name in sorted(sys.modules):
        if name.split('.')[0] not in ('mmengine', 'mmcv', 'mmpretrain', 'torch', 'pkgutil'):
            continue
        for key, value in list(vars(sys.modules[name]).items()):
            found[f'{name}.{key}'] = value
            if isclass(value) and value.__module__ == name:
                found |= {f'{name}.{key}.{attribute}': held
                          for attribute, held in list(vars(value).items())}
    found['schemes'] = tuple(CheckpointLoader._schemes.items())
    found['allowed'] = tuple(sorted(map(repr, torch.serialization.get_safe_globals())))
    return found

def replaced():
    now = attributes()
    return [name for name, value in before.items()
            if name not in now or (now[name] is not value and now[name] != value)]

def calls(signature):  # all arguments by place, then ever more of them by name
    kinds = inspect.Parameter
    plain = [p for p in signature.parameters.values()
             if p.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)]
    for count in range(1 + sum(p.kind != kinds.KEYWORD_ONLY for p in plain)):
        yield (0,) * count, {p.name: 0 for p in plain[count:]}
        yield (0,) * count, {p.name: 0 for p in plain[count:] if p.default is kinds.empty}

def function(value):
    if isinstance(value, property):
        return value.fget
    return value.__func__ if isinstance(value, (classmethod, staticmethod)) else value

def refused(old, new):
    signature = inspect.signature(function(new), follow_wrapped=False)
    for args, kwargs in calls(inspect.signature(function(old))):
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            yield f'{args} {kwargs}: {error}'

before = attributes()
import mmpretrain_mlml
turned_off = replaced()
mmpretrain_mlml.repairs.repair()
now, names = attributes(), replaced()
wrong = {name: list(refused(before[name], now[name])) for name in names}
print('replaced', json.dumps([turned_off, names, wrong]))
"""


@pytest.fixture(scope='module')
def compared(run_tool, tmp_path_factory):
    """What the import replaces with ``MLML_REPAIRS=0``; what the repairs replace; for each of these
    the calls that the stack accepts and the repair does not.
    """
    script = tmp_path_factory.mktemp('compare') / 'compare.py'
    script.write_text(COMPARE)
    text = run_tool('python', script, cold=True, MLML_REPAIRS='0')
    return json.loads(text.rsplit('replaced', 1)[1])


@pytest.fixture(scope='module')
def replaced(compared):
    return compared[1]


def test_turned_off_nothing_of_the_stack_is_replaced(compared):
    assert compared[0] == []


def short(name):
    """``Runner.resume`` for a method, ``load_url`` for a function."""
    *_, owner, last = name.split('.')
    return f'{owner}.{last}' if owner[:1].isupper() else last


def test_the_documentation_lists_what_is_replaced(replaced):
    page = (ROOT / 'docs/reliability.md').read_text()
    table = page.partition('## What importing changes')[2].partition('\n## ')[0]
    listed = {name for row in table.splitlines() if row.startswith('|')
              for name in re.findall(r'`([\w.]+)`', row.split('|')[1])}  # fmt: skip
    assert {short(name) for name in replaced} == listed - {'find_loader', 'WITH_MULTIMODAL'}


def test_what_is_replaced_is_called_as_before(compared):
    names, wrong = compared[1:]
    assert wrong.keys() == set(names)
    assert not any(wrong.values()), wrong


def test_importing_twice_repairs_once():
    before = Runner.resume
    assert importlib.import_module('mmpretrain_mlml') is mmpretrain_mlml
    assert Runner.resume is before
    assert inspect.unwrap(Runner.resume).__module__ == 'mmengine.runner.runner'
    assert mmengine_checkpoint.load_url.__wrapped__.__module__ == 'torch.hub'


def test_the_switch_has_two_values(monkeypatch):
    for value, on in (('', True), ('1', True), ('0', False)):
        monkeypatch.setenv('MLML_REPAIRS', value)
        assert repairs_are_on() is on
    with pytest.raises(
        RuntimeError, match=r'resuming needs the repairs .* MLML_REPAIRS=0 turns off'
    ):
        require_repairs('resuming')
    with pytest.raises(RuntimeError, match='resuming inside an epoch needs the repairs'):
        skip_batches(SimpleNamespace(), 2)
    monkeypatch.setenv('MLML_REPAIRS', 'no')
    with pytest.raises(ValueError, match=r"MLML_REPAIRS='no'; expected 1 .* or 0"):
        repairs_are_on()


def test_our_tools_say_that_they_need_the_repairs(monkeypatch, capsys):
    monkeypatch.setenv('MLML_REPAIRS', '0')
    with pytest.raises(SystemExit):
        run_mmpretrain_script(Path('train.py'))
    assert capsys.readouterr().err.startswith('error: tools/train.py needs the repairs')


def test_our_tools_ignore_the_variable_that_lets_files_run_code(monkeypatch):
    monkeypatch.setenv(CODE_ALLOWED, '1')
    keep_weights_only()
    assert CODE_ALLOWED not in os.environ
