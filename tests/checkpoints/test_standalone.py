"""predict.py of an export: the pixels of the test pipeline, the tags of PyTorch, and no PyTorch."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers import SHARED
from helpers.image_modes import write_modes
from mmengine.config import Config
from mmengine.dataset import Compose
from mmpretrain.registry import TRANSFORMS
from PIL import Image

from mmpretrain_mlml.checkpoints import ExportError, describe, export_onnx, export_predict

PHOTOS = SHARED / 'photos/val2014'
RESIZE = {'type': 'Resize', 'scale': (96, 64), 'backend': 'pillow'}
FREE = ('onnxruntime', 'PIL', 'pillow.libs', 'numpy', 'numpy.libs')


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """A photograph in all modes and orientations, or a picture like one."""
    photos = sorted(PHOTOS.glob('*.jpg'))[:1]
    if photos:
        photo = Image.open(photos[0])
    else:
        waves = np.add.outer(np.arange(90)[:, None] * [1, 2, 3], np.arange(3) * 5) % 256
        photo = Image.fromarray(np.resize(waves.astype(np.uint8), (90, 121, 3)))
    return write_modes(photo, tmp_path_factory.mktemp('modes'))


def pipeline_of(cfg):
    return Compose([TRANSFORMS.build(step) for step in cfg.test_dataloader.dataset.pipeline])


@pytest.mark.parametrize(
    ('changes', 'resize', 'tolerance'),
    [
        ({}, {'backend': 'pillow'}, 0),
        ({}, {'backend': 'pillow', 'interpolation': 'bicubic'}, 0),
        ({}, {'type': 'Resize', 'backend': 'pillow'}, 0),
        ({}, {}, 0),
        ({}, {'interpolation': 'lanczos'}, 0),
        ({'to_rgb': False}, {}, 0),
        ({'mean': [0.0]}, {}, 3),  # grey of colours is rounded otherwise
    ],
)
def test_pixels_are_those_of_the_test_pipeline(changes, resize, tolerance, files, cfg):
    pytest.importorskip('onnxruntime')
    from mmpretrain_mlml.checkpoints.standalone_predict import prepare

    cfg = Config(cfg.to_dict())
    steps = cfg.test_dataloader.dataset.pipeline
    steps[1].update(resize)
    cfg.model.data_preprocessor.update(changes)
    gray = 'mean' in changes
    if gray:
        cfg.model.data_preprocessor.update(std=[255.0], to_rgb=False)
        steps[0].color_type = 'grayscale'
    expected_input = describe(cfg)['input']
    pipeline = pipeline_of(cfg)
    for path in files:
        pixels = pipeline({'img_path': str(path)})['inputs'].numpy()
        if expected_input['channels'] == 'RGB':
            pixels = pixels[::-1]
        found = prepare(str(path), expected_input)
        assert (found.dtype, found.shape) == (np.float32, (1, *pixels.shape))
        worst = np.abs(found[0] - pixels).max()
        assert worst <= tolerance, path.name


def free_environment(folder: Path) -> dict[str, str]:
    """Variables of a Python that finds nothing but onnxruntime, Pillow and numpy."""
    (folder / 'packages').mkdir()
    for name in FREE:
        package = name.partition('.')[0].replace('pillow', 'PIL')
        place = Path(find_spec(package).origin).parents[1] / name
        if place.exists():
            (folder / 'packages' / name).symlink_to(place)
    return {**os.environ, 'PYTHONPATH': str(folder / 'packages'), 'OMP_NUM_THREADS': '1'}


def test_tags_are_those_of_pytorch_without_pytorch(exported, files, model_and_info, cfg, tmp_path):
    model, info = model_and_info
    env = free_environment(tmp_path)
    python = [sys.executable, '-S']  # without the installed packages
    for package in ('torch', 'mmengine', 'cv2', 'mmpretrain_mlml'):
        code = subprocess.run([*python, '-c', f'import {package}'], env=env, capture_output=True)
        assert code.returncode == 1, package
    broken = tmp_path / 'broken.jpg'
    broken.write_bytes(files[0].read_bytes()[:2000])
    command = [*python, exported / 'predict.py', *files, broken, tmp_path / 'missing.png']
    found = subprocess.run(command, env=env, capture_output=True, text=True, cwd=tmp_path)
    assert found.returncode == 1
    errors = found.stderr.splitlines()
    assert len(errors) == 2, found.stderr
    assert 'broken.jpg' in errors[0]
    assert 'missing.png' in errors[1]
    lines = [json.loads(line) for line in found.stdout.splitlines()]
    assert [line['image'] for line in lines] == [str(path) for path in files]
    cfg = Config(cfg.to_dict())
    cfg.test_dataloader.dataset.pipeline[1].backend = 'pillow'
    pipeline = pipeline_of(cfg)
    samples = [pipeline({'img_path': str(path)}) for path in files]
    batch = {key: [sample[key] for sample in samples] for key in ('inputs', 'data_samples')}
    with torch.no_grad():
        scores = torch.stack([sample.pred_score for sample in model.val_step(batch)]).numpy()
    limits = np.array(info['thresholds'])
    near = np.abs(scores - limits) <= 1e-4
    for line, row, undecided in zip(lines, scores, near):
        expected = {name: p for name, p, least in zip(info['classes'], row, limits) if p > least}
        sure = {name for name, either in zip(info['classes'], undecided) if not either}
        assert line['tags'].keys() & sure == expected.keys() & sure
        assert all(abs(p - row[info['classes'].index(n)]) <= 1e-4 for n, p in line['tags'].items())
        assert list(line['tags'].values()) == sorted(line['tags'].values(), reverse=True)
    assert any(line['tags'] for line in lines)


def test_the_program_is_small_and_needs_three_packages(exported):
    text = (exported / 'predict.py').read_text()
    assert len(text.splitlines()) <= 80
    imports = {line.split()[1] for line in text.splitlines() if line.startswith(('import', 'from'))}
    assert imports - set(sys.stdlib_module_names) == {'numpy', 'onnxruntime', 'PIL'}


def test_names_and_thresholds_are_in_the_onnx_file(exported, model_and_info):
    import onnxruntime

    network = onnxruntime.InferenceSession(str(exported / 'model.onnx'))
    metadata = network.get_modelmeta().custom_metadata_map
    for key in ('classes', 'thresholds', 'input'):
        assert json.loads(metadata[key]) == model_and_info[1][key]


def test_files_of_two_exports_are_not_mixed(exported, files, tmp_path):
    for name in ('predict.py', 'model.onnx'):
        (tmp_path / name).write_bytes((exported / name).read_bytes())
    about = json.loads((exported / 'model.json').read_text())
    (tmp_path / 'model.json').write_text(json.dumps({**about, 'classes': about['classes'][::-1]}))
    command = [sys.executable, tmp_path / 'predict.py', files[0]]
    found = subprocess.run(command, capture_output=True, text=True)
    assert found.returncode == 1
    assert found.stderr == 'error: model.onnx and model.json have different classes\n'


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (
            {'pipeline.1.backend': 'cv2'},
            "SmoothResize has backend='cv2', expected 'torch' or 'pillow'",
        ),
        ({'pipeline.1.keep_ratio': True}, 'keep_ratio=True, expected False'),
        ({'pipeline.1': {**RESIZE, 'interpolation': 'area'}}, "interpolation='area'"),
        ({'pipeline.1.interpolation': 'bicubic'}, "interpolation='bicubic' of PyTorch"),
        ({'pipeline.0.imdecode_backend': 'pillow'}, "imdecode_backend='pillow', expected 'cv2'"),
        ({'pipeline.0.color_type': 'unchanged'}, "color_type='unchanged'"),
        ({'pipeline.0.color_type': 'grayscale'}, 'it loads images as grayscale'),
        ({'pipeline.1': {'type': 'CenterCrop', 'crop_size': 64}}, 'it has no step CenterCrop'),
        ({'pipeline.0.reduce_to': 64}, 'reduce_to=64, expected None'),
        ({'pipeline.2': {'type': 'LoadWholeImage'}}, 'expected to load, resize and pack once'),
        ({'preprocessor.pad_size_divisor': 50}, 'pads to a multiple of 50'),
        ({'preprocessor.type': 'SelfSupDataPreprocessor'}, 'is a SelfSupDataPreprocessor'),
    ],
)
def test_what_it_would_not_see_as_the_test_pipeline_does_is_refused(
    changes, message, cfg, tmp_path
):
    cfg = Config(cfg.to_dict())
    for key, value in changes.items():
        place, _, rest = key.partition('.')
        target = cfg.test_dataloader.dataset if place == 'pipeline' else cfg.model
        keys = key if place == 'pipeline' else f'data_preprocessor.{rest}'
        *path, last = keys.split('.')
        for part in path:
            target = target[int(part) if part.isdigit() else part]
        target[int(last) if last.isdigit() else last] = Config({'_': value})._
    with pytest.raises(ExportError, match=message) as caught:
        export_predict(cfg, describe(cfg, (64, 96)), tmp_path)
    assert '--formats safetensors onnx' in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_resize_without_a_backend_is_one_of_opencv(cfg, tmp_path):
    cfg = Config(cfg.to_dict())
    cfg.test_dataloader.dataset.pipeline[1].type = 'Resize'
    with pytest.raises(ExportError, match="backend='cv2'"):
        export_predict(cfg, describe(cfg), tmp_path)


def test_a_head_of_one_label_is_refused(model_and_info, tmp_path):
    from mmpretrain.models import LinearClsHead

    pytest.importorskip('onnxruntime')
    model, info = model_and_info
    head, model.head = model.head, LinearClsHead(80, 512)
    try:
        with pytest.raises(ExportError, match='the head is a LinearClsHead'):
            export_onnx(model, info, tmp_path)
    finally:
        model.head = head
    assert not list(tmp_path.iterdir())
