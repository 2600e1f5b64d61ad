"""Predictions of an exported folder are those of its checkpoint."""

import json
import shutil

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS

from mmpretrain_mlml import MultiLabelInferencer
from mmpretrain_mlml.checkpoints import describe, export_onnx, export_safetensors
from mmpretrain_mlml.datasets.digit_scenes import make_scenes

LIMITS = [0.45 + 0.01 * digit for digit in range(10)]


@pytest.fixture(scope='module')
def model(cfg):
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        return MODELS.build(cfg.model).eval()


@pytest.fixture(scope='module')
def exported(cfg, model, tmp_path_factory):
    for package in ('onnxruntime', 'onnxscript', 'safetensors'):
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp('exported')
    info = describe(cfg, size=(48, 48), thresholds=LIMITS)
    export_safetensors(model, info, folder)
    export_onnx(model, info, folder)
    return folder


@pytest.fixture(scope='module')
def images():
    return list(make_scenes('test', 7)[0])


def copy(exported, place, **changes):
    folder = place / 'copy'
    shutil.copytree(exported, folder)
    info = json.loads((folder / 'model.json').read_text())
    (folder / 'model.json').write_text(json.dumps({**info, **changes}))
    return folder


def test_folder_weights_and_checkpoint_agree(cfg, model, exported, images, tmp_path):
    torch.save(model.state_dict(), tmp_path / 'weights.pth')
    of_checkpoint = MultiLabelInferencer(cfg, tmp_path / 'weights.pth', LIMITS, 'cpu', False)
    of_weights = MultiLabelInferencer(cfg, exported / 'model.safetensors', LIMITS, 'cpu', False)
    of_folder = MultiLabelInferencer(exported, show_progress=False)
    assert of_folder.classes == of_checkpoint.classes
    np.testing.assert_array_equal(of_folder.thresholds, LIMITS)
    for one, same, expected in zip(*(t(images) for t in (of_folder, of_weights, of_checkpoint))):
        np.testing.assert_array_equal(same.probabilities, expected.probabilities)
        np.testing.assert_allclose(one.probabilities, expected.probabilities, atol=1e-5)
        assert list(one.tags) == list(expected.tags)
    assert MultiLabelInferencer(exported, thresholds=0.9).thresholds.tolist() == [0.9] * 10


def test_channels_are_in_the_order_of_the_description(exported, tmp_path, monkeypatch):
    info = json.loads((exported / 'model.json').read_text())
    folder = copy(exported, tmp_path, input={**info['input'], 'channels': 'RGB'})
    tagger = MultiLabelInferencer(folder, show_progress=False)
    given = []
    monkeypatch.setattr(
        tagger.model, '_session', type('S', (), {'run': lambda s, n, f: given.append(f) or [[]]})()
    )
    pixels = torch.arange(12, dtype=torch.uint8).reshape(3, 2, 2)
    with pytest.raises(TypeError):  # no array of scores
        tagger.model.test_step({'inputs': [pixels], 'data_samples': []})
    np.testing.assert_array_equal(given[0]['image'][0], pixels.flip(0).numpy())


def test_mistakes_are_refused(cfg, exported, tmp_path):
    with pytest.raises(ValueError, match='an exported folder, which has its own weights'):
        MultiLabelInferencer(exported, 'weights.pth')
    with pytest.raises(ValueError, match='expected thresholds'):
        MultiLabelInferencer(exported, thresholds=[0.5])
    with pytest.raises(ValueError, match='expected device cpu or cuda'):
        MultiLabelInferencer(exported, device='mps')
    with pytest.raises(ValueError, match='an exported network has no gradients'):
        MultiLabelInferencer(exported).explain(np.zeros((48, 48), np.uint8))
    with pytest.raises(FileNotFoundError, match=r'no model\.json in .*: expected a folder'):
        MultiLabelInferencer(tmp_path)
    (tmp_path / 'w.safetensors').write_bytes(b'no weights')
    with pytest.raises(RuntimeError, match=r'w\.safetensors was refused'):
        MultiLabelInferencer(cfg, tmp_path / 'w.safetensors')
    folder = copy(exported, tmp_path, classes=['ant'], thresholds=[0.5])
    with pytest.raises(ValueError, match=r'10 outputs, model\.json 1 classes'):
        MultiLabelInferencer(folder)
    (folder / 'model.json').write_text('{}')
    with pytest.raises(ValueError, match='is not a description of'):
        MultiLabelInferencer(folder)
    shutil.copy(exported / 'model.json', folder)
    (folder / 'model.onnx').write_bytes(b'no network')
    with pytest.raises(ValueError, match='is damaged, or no ONNX file'):
        MultiLabelInferencer(folder)
    (folder / 'model.onnx').unlink()
    with pytest.raises(FileNotFoundError, match=r'no model\.onnx in .*--formats onnx'):
        MultiLabelInferencer(folder)


@pytest.mark.parametrize('name', ['os.mkdir', 'mmpretrain.get_model', 'mmpretrain_mlml.config'])
def test_a_description_of_a_stranger_runs_nothing(exported, tmp_path, name):
    about = json.loads((exported / 'model.json').read_text())['input']
    for step in ({'type': name, 'path': str(tmp_path / 'made')},
                 {'type': 'RandomApply', 'transforms': [{'type': name}]}):  # fmt: skip
        shutil.rmtree(tmp_path / 'copy', ignore_errors=True)
        folder = copy(exported, tmp_path, input={**about, 'pipeline': [step]})
        with pytest.raises(ValueError, match='which is no transform of MMPretrain'):
            MultiLabelInferencer(folder)
    assert not (tmp_path / 'made').exists()
