"""tools/export.py writes files that need neither this package nor MMPretrain."""

import json

import pytest
import torch
from mmengine.config import Config
from mmpretrain.registry import MODELS

from mmpretrain_mlml import config


def test_export_writes_what_others_can_use(run_tool, tmp_path):
    pytest.importorskip('onnxruntime')
    name, weights, out = 'digits_0.4left_splc.py', tmp_path / 'x.pth', tmp_path / 'out'
    cfg = Config.fromfile(config(name))
    torch.save({'state_dict': MODELS.build(cfg.model).state_dict()}, weights)
    export = ('python', 'tools/export.py', f'configs/{name}', weights, out)
    text = run_tool(*export, expect=1)
    assert 'error: the test pipeline has no Resize' in text
    without = ('--formats', 'safetensors', '--validate')
    assert '--validate, --half and --int8 need onnx' in run_tool(*export, *without, expect=2)
    assert 'expected --validate' in run_tool(*export, '--images', 9, expect=2)
    run_tool(*export, '--size', 48, 48)
    files = {path.name for path in out.iterdir()}
    assert files == {'model.json', 'model.onnx', 'model.safetensors', 'predict.py'}
    info = json.loads((out / 'model.json').read_text())
    assert info['classes'] == list('0123456789')
    assert info['model']['config'] == name
