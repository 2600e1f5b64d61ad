"""All repairs together: applied once, at the first import."""

import importlib

from mmengine.runner import CheckpointLoader, Runner

import mmpretrain_mlml
from mmpretrain_mlml.repairs import loading


def test_importing_twice_repairs_once():
    before = Runner.load_checkpoint
    assert importlib.import_module('mmpretrain_mlml') is mmpretrain_mlml
    assert Runner.load_checkpoint is before
    assert Runner.load_checkpoint.__wrapped__.__wrapped__.__module__ == 'mmengine.runner.runner'
    assert CheckpointLoader._schemes[''] is loading.load_from_local
