"""Validating, converting, exporting and browsing from the command line."""

import json
import sys

import cv2
import numpy as np
import pytest
import torch
import torchvision.transforms.functional as TF
from helpers.support import released_network
from PIL import Image

from mmpretrain_mlml import config
from mmpretrain_mlml.evaluation import multi_label_scores
from mmpretrain_mlml.labels import COCO_CLASSES, read_instances

COCO = 'configs/coco_0.4left_splc.py'
SMALL = (
    'test_dataloader.batch_size=4', 'test_dataloader.num_workers=0',
    'test_dataloader.persistent_workers=False',
)  # fmt: skip


@pytest.fixture(scope='module')
def released(tmp_path_factory):
    """A checkpoint in the layout of the released trainer, and the network."""
    folder = tmp_path_factory.mktemp('released')
    net = released_network()
    torch.save({f'module.{k}': v for k, v in net.state_dict().items()}, folder / 'released.ckpt')
    return folder / 'released.ckpt', net


@pytest.mark.slow
def test_a_released_checkpoint_is_converted_validated_and_converted_back(
    released, coco_root, run_tool, tmp_path
):
    file, net = released
    ours, back = tmp_path / 'ours.pth', tmp_path / 'back.ckpt'
    run_tool('python', 'tools/convert_checkpoint.py', COCO, file, ours)
    shown, out = tmp_path / 'shown', tmp_path / 'metrics.json'
    text = run_tool(
        'python', 'tools/test.py', COCO, ours, '--out', out, '--out-item', 'metrics',
        '--work-dir', tmp_path, '--show-dir', shown, '--interval', 3, '--cfg-options', *SMALL,
        'test_evaluator.threshold=0.45', 'test_evaluator.classwise=True', COCO_ROOT=str(coco_root),
    )  # fmt: skip

    # the same images through the network itself, as the released validation prepares them
    names, labels = read_instances(coco_root / 'annotations/instances_val2014.json', COCO_CLASSES)
    scores, targets = np.zeros((len(names), 80)), np.zeros((len(names), 80), int)
    for row, (name, present) in enumerate(zip(names, labels)):
        image = Image.open(coco_root / 'val2014' / name).convert('RGB')
        pixels = TF.to_tensor(TF.resize(image, [448, 448]))
        with torch.no_grad():
            scores[row] = net(pixels[None]).sigmoid()[0]
        targets[row, present] = 1
    expected = multi_label_scores(scores, targets, threshold=0.45).summary
    assert expected['OR'] > 0
    found = json.loads(out.read_text())
    for name, value in expected.items():
        assert found[f'multi-label/{name}'] == pytest.approx(value, abs=1e-3), name

    assert f'{len(names)} images, score > 0.45' in text
    for name in ('mAP', 'CP', 'CR', 'CF1', 'CF1_classwise_mean', 'OP', 'OR', 'OF1', 'person'):
        assert f' {name} ' in text
    assert len(list(shown.glob('*.png'))) == -(-len(names) // 3)

    run_tool('python', 'tools/convert_checkpoint.py', COCO, ours, back, '--to', 'released')
    restored = torch.load(back, weights_only=True)
    assert list(restored) == list(net.state_dict())
    assert all(torch.equal(restored[key], value) for key, value in net.state_dict().items())


def test_a_file_that_does_not_fit_is_refused(released, run_tool, tmp_path):
    other = 'configs/coco_0.4left_splc_resnet101.py'
    convert = ('python', 'tools/convert_checkpoint.py')
    text = run_tool(*convert, other, released[0], tmp_path / 'x.pth', expect=1)
    assert 'does not fit the model' in text
    assert 'missing in the file:\n  backbone.layer3.10.bn1.bias' in text
    assert 'Traceback' not in text
    assert not (tmp_path / 'x.pth').exists()
    (tmp_path / 'there.pth').touch()
    text = run_tool(*convert, COCO, released[0], tmp_path / 'there.pth', expect=1)
    assert 'there.pth exists already' in text


def test_where_the_disk_is_full_no_part_of_a_file_is_left(released, run_tool, tmp_path):
    full = ('bash', '-c', 'ulimit -f 1000; exec "$@"', 'bash')  # no file beyond a megabyte
    command = (sys.executable, 'tools/convert_checkpoint.py', COCO, released[0], tmp_path / 'x.pth')
    text = run_tool(*full, *command, expect=1)
    assert f'error: [Errno 27] could not write {tmp_path}/x.pth (File too large' in text
    assert not list(tmp_path.iterdir())


def test_scores_of_a_checkpoint_that_does_not_fit_are_not_printed(released, run_tool, tmp_path):
    digits = 'configs/digits_full_bce.py'
    text = run_tool(
        'python', 'tools/test.py', digits, released[0], '--work-dir', tmp_path, expect=1
    )
    assert 'does not fit the model of this config' in text
    assert 'tools/convert_checkpoint.py' in text
    assert 'Epoch(test)' not in text


def test_browse_draws_a_sheet(coco_root, run_tool, tmp_path):
    browse = ('python', 'tools/browse.py')
    text = run_tool(
        *browse, COCO, '--number', 5, '--out', tmp_path / 'a/sheet.png', COCO_ROOT=str(coco_root)
    )
    assert '(5 of 7 images)' in text
    sheet = cv2.imread(str(tmp_path / 'a/sheet.png'))
    assert sheet.std() > 20
    run_tool(*browse, COCO, '--number', 5, '--out', tmp_path / 'b.png', COCO_ROOT=str(coco_root))
    assert np.array_equal(cv2.imread(str(tmp_path / 'b.png')), sheet)
    run_tool(
        *browse, COCO, '--number', 5, '--epoch', 1, '--out', tmp_path / 'c.png',
        COCO_ROOT=str(coco_root),
    )  # fmt: skip
    assert not np.array_equal(cv2.imread(str(tmp_path / 'c.png')), sheet)


@pytest.mark.slow
def test_export_writes_what_others_can_use(run_tool, tmp_path):
    pytest.importorskip('onnxruntime')
    from mmengine.config import Config
    from mmpretrain.registry import MODELS

    name = 'digits_0.4left_splc.py'
    cfg = Config.fromfile(config(name))
    torch.save({'state_dict': MODELS.build(cfg.model).state_dict()}, tmp_path / 'x.pth')
    export = ('python', 'tools/export.py', f'configs/{name}', tmp_path / 'x.pth', tmp_path / 'out')
    text = run_tool(*export, expect=1)
    assert 'error: the test pipeline has no Resize' in text
    run_tool(*export, '--size', 48, 48)
    assert {path.name for path in (tmp_path / 'out').iterdir()} == {
        'model.json', 'model.onnx', 'model.safetensors',
    }  # fmt: skip
    info = json.loads((tmp_path / 'out/model.json').read_text())
    assert info['classes'] == list('0123456789')
    assert info['model']['config'] == name
