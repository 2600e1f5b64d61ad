"""A model as a folder, its smaller forms, and what they lose."""

import json

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpretrain.registry import MODELS

from mmpretrain_mlml.apis import export_model, predict_dataset
from mmpretrain_mlml.apis.export_scores import predict_exported
from mmpretrain_mlml.checkpoints import ExportError, store_thresholds
from mmpretrain_mlml.evaluation import multi_label_scores

DIGITS = [str(digit) for digit in range(10)]
LIMITS = [0.45 + 0.01 * digit for digit in range(10)]


@pytest.fixture(scope='module')
def cfg(cfg):
    cfg.merge_from_dict({'test_dataloader.dataset.size': 50, 'test_dataloader.batch_size': 8})
    cfg.train_dataloader.dataset.size = 20
    return cfg


@pytest.fixture(scope='module')
def checkpoint(cfg, tmp_path_factory):
    folder = tmp_path_factory.mktemp('weights')
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(cfg.model)
    with torch.no_grad():
        model.head.fc.weight.normal_()
    meta = {'scores': {'multi-label/mAP': 12.5, 'hostile': object.__doc__}}
    torch.save({'state_dict': model.state_dict(), 'meta': meta}, folder / 'plain.pth')
    about = {'goal': 'micro_f1', 'cross_fitted': 30.0, 'images': 7}
    store_thresholds(folder / 'plain.pth', folder / 'tuned.pth', DIGITS, LIMITS, about)
    return folder / 'tuned.pth'


@pytest.fixture(scope='module')
def exported(cfg, checkpoint, tmp_path_factory):
    for package in ('onnxruntime', 'onnxscript'):
        pytest.importorskip(package)
    folder = tmp_path_factory.mktemp('exported')
    options = {'size': (48, 48), 'half': True, 'int8': True, 'images': 33}
    return export_model(cfg, checkpoint, folder, **options)


def test_the_folder_is_complete_and_explains_itself(exported):
    files, scores = exported
    names = {'fp16.onnx', 'int8.onnx', 'json', 'onnx', 'safetensors'}
    assert {path.name for path in files} == {f'model.{name}' for name in names} | {'predict.py'}
    assert {path.name for path in files[0].parent.iterdir()} == {path.name for path in files}
    about = json.loads((files[0].parent / 'model.json').read_text())
    assert about['classes'] == DIGITS
    assert about['thresholds'] == LIMITS
    assert about['thresholds_from'] == 'the checkpoint'
    assert about['validated']['checkpoint'] == {'multi-label/mAP': 12.5}
    assert about['validated']['thresholds'] == {
        'goal': 'micro_f1', 'cross_fitted': 30.0, 'images': 7
    }  # fmt: skip
    assert about['validated']['files'] == scores


def test_smaller_forms_say_what_they_lose(exported, cfg, checkpoint):
    files, scores = exported
    about = json.loads((files[0].parent / 'model.json').read_text())
    of_torch = predict_dataset(cfg, str(checkpoint), 'test')
    for name, tolerance in (
        ('model.onnx', 1e-5),
        ('model.fp16.onnx', 0.02),
        ('model.int8.onnx', 0.2),
    ):
        found = predict_exported(cfg, files[0].parent / name, about)
        np.testing.assert_array_equal(found.targets, of_torch.targets)
        difference = np.abs(found.scores - of_torch.scores).max()
        assert difference <= tolerance, name
        assert (difference > 1e-5) == (name != 'model.onnx'), name
        first = multi_label_scores(found.scores[:33], found.targets[:33], np.array(LIMITS)).summary
        assert scores[name]['images'] == 33
        assert scores[name]['mAP'] == pytest.approx(first['mAP'])
        assert scores[name]['OF1'] == pytest.approx(first['OF1'])
        if name != 'model.onnx':
            lost = scores['model.onnx']['mAP'] - scores[name]['mAP']
            assert scores[name]['mAP_lost'] == pytest.approx(lost)
        sizes = [(files[0].parent / one).stat().st_size for one in ('model.onnx', name)]
        assert sizes[1] <= sizes[0]


def test_what_is_refused_leaves_the_folder_as_it_was(cfg, checkpoint, tmp_path):
    (tmp_path / 'model.json').write_text('mine')
    cfg = Config(cfg.to_dict())
    resize = {'type': 'Resize', 'scale': (48, 48)}  # of OpenCV
    cfg.test_dataloader.dataset.pipeline.insert(0, resize)
    with pytest.raises(ExportError, match="backend='cv2'"):
        export_model(Config(cfg.to_dict()), checkpoint, tmp_path)
    with pytest.raises(ValueError, match='each of 10 classes'):
        export_model(Config(cfg.to_dict()), checkpoint, tmp_path, thresholds=[0.5])
    assert [path.name for path in tmp_path.iterdir()] == ['model.json']
    assert (tmp_path / 'model.json').read_text() == 'mine'
