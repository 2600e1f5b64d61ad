"""tools/convert_checkpoint.py: the released layout and ours, both ways, and never half a file."""

import json
import sys

import numpy as np
import pytest
import torch
import torchvision.transforms.functional as TF
from PIL import Image

from mmpretrain_mlml.evaluation import multi_label_scores
from mmpretrain_mlml.labels import COCO_CLASSES, read_instances

CONVERT = ('python', 'tools/convert_checkpoint.py')
COCO = 'configs/coco_0.4left_splc.py'
SMALL = (
    'test_dataloader.batch_size=4', 'test_dataloader.num_workers=0',
    'test_dataloader.persistent_workers=False',
)  # fmt: skip


def test_a_released_checkpoint_is_converted_validated_and_converted_back(
    released, coco_root, run_tool, tmp_path
):
    file, net = released
    ours, back = tmp_path / 'ours.pth', tmp_path / 'back.ckpt'
    run_tool(*CONVERT, COCO, file, ours)
    shown, out = tmp_path / 'shown', tmp_path / 'metrics.json'
    text = run_tool(
        'python', 'tools/test.py', COCO, ours, '--out', out, '--out-item', 'metrics',
        '--work-dir', tmp_path, '--show-dir', shown, '--interval', 3, '--cfg-options', *SMALL,
        'test_evaluator.threshold=0.45', 'test_evaluator.classwise=True', COCO_ROOT=str(coco_root),
    )  # fmt: skip

    # the same images through the network itself, prepared as by the released validation
    names, labels = read_instances(coco_root / 'annotations/instances_val2014.json', COCO_CLASSES)
    probabilities, targets = np.zeros((len(names), 80)), np.zeros((len(names), 80), int)
    for row, (name, present) in enumerate(zip(names, labels)):
        image = Image.open(coco_root / 'val2014' / name).convert('RGB')
        pixels = TF.to_tensor(TF.resize(image, [448, 448]))
        with torch.no_grad():
            probabilities[row] = net(pixels[None]).sigmoid()[0]
        targets[row, present] = 1
    expected = multi_label_scores(probabilities, targets, threshold=0.45).summary
    assert expected['OR'] > 0
    scores = json.loads(out.read_text())
    for name, value in expected.items():
        assert scores[f'multi-label/{name}'] == pytest.approx(value, abs=1e-3), name

    assert f'{len(names)} images, score > 0.45' in text
    for name in ('mAP', 'CP', 'CR', 'CF1', 'CF1_classwise_mean', 'OP', 'OR', 'OF1', 'person'):
        assert f' {name} ' in text
    assert len(list(shown.glob('*.png'))) == -(-len(names) // 3)

    run_tool(*CONVERT, COCO, ours, back, '--to', 'released')
    restored = torch.load(back, weights_only=True)
    assert list(restored) == list(net.state_dict())
    assert all(torch.equal(restored[key], value) for key, value in net.state_dict().items())


def test_a_file_that_does_not_fit_is_refused(released, run_tool, tmp_path):
    deeper, out = 'configs/coco_0.4left_splc_resnet101.py', tmp_path / 'x.pth'
    text = run_tool(*CONVERT, deeper, released[0], out, expect=1)
    assert 'does not fit the model' in text
    assert 'missing in the file:\n  backbone.layer3.10.bn1.bias' in text
    assert 'Traceback' not in text
    assert not out.exists()


def test_a_file_that_exists_is_not_overwritten(released, run_tool, tmp_path):
    (tmp_path / 'there.pth').touch()
    text = run_tool(*CONVERT, COCO, released[0], tmp_path / 'there.pth', expect=1)
    assert 'there.pth exists already' in text
    assert (tmp_path / 'there.pth').stat().st_size == 0


def test_where_the_disk_is_full_no_part_of_a_file_is_left(released, run_tool, tmp_path):
    full = ('bash', '-c', 'ulimit -f 1000; exec "$@"', 'bash')  # no file above a megabyte
    command = (sys.executable, 'tools/convert_checkpoint.py', COCO, released[0], tmp_path / 'x.pth')
    text = run_tool(*full, *command, expect=1)
    assert f'error: [Errno 27] could not write {tmp_path}/x.pth (File too large' in text
    assert not list(tmp_path.iterdir())
