"""tools/train.py trains, resumes, and says what is missing."""

import os
import re
import signal
import tempfile
import time

import pytest
import torch
import torchvision
from helpers.processes import start
from helpers.training import CONFIG, options, read_scores

import mmpretrain_mlml  # noqa: F401  lets torch.load read training state
from mmpretrain_mlml.repairs.loading import load_from_local
from mmpretrain_mlml.runtime.work_dir_lock import HOLDER, LOCK, lock_folder

TRAIN = ('python', 'tools/train.py')
COCO = 'configs/coco_0.4left_splc.py'


def test_training_leaves_checkpoints_and_scores(trained):
    assert (trained / 'epoch_3.pth').is_file()
    assert list(trained.glob('best_multi-label_mAP_epoch_*.pth'))
    assert len(read_scores(trained)) == 3


def test_a_killed_run_resumes_and_may_train_longer(run_tool, tmp_path):
    command = [*TRAIN, CONFIG, '--work-dir', tmp_path]
    pointer = tmp_path / 'last_checkpoint'
    with tempfile.TemporaryFile() as log:
        run = start([*command, *options('train_cfg.max_epochs=50')], log)
        end = time.monotonic() + 240
        while not ((tmp_path / 'epoch_2.pth').exists() and pointer.exists()):
            assert run.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        time.sleep(0.3)
        run.send_signal(signal.SIGKILL)
        assert run.wait(60) == -signal.SIGKILL
    done = int(re.search(r'epoch_(\d+)', pointer.read_text()).group(1))
    text = run_tool(*command, '--resume', *options(f'train_cfg.max_epochs={done + 2}'))
    assert f'resumed epoch: {done}' in text
    assert (tmp_path / f'epoch_{done + 2}.pth').is_file()
    text = run_tool(*command, '--resume', *options(f'train_cfg.max_epochs={done + 3}'))
    assert f'resumed epoch: {done + 2}' in text
    assert (tmp_path / f'epoch_{done + 3}.pth').is_file()


def test_the_best_file_is_for_testing_not_for_resuming(trained, run_tool, tmp_path):
    (best,) = trained.glob('best_*.pth')
    command = (*TRAIN, CONFIG, '--work-dir', tmp_path, '--resume', best, *options())
    text = run_tool(*command, expect=1)
    assert f'{best} holds weights alone' in text
    assert 'load_from=FILE' in text


def test_resuming_into_another_folder_leaves_the_first_one_alone(trained, run_tool, tmp_path):
    (best,) = trained.glob('best_*.pth')
    checkpoint = load_from_local(trained / 'epoch_3.pth')
    remembered = checkpoint['message_hub']['runtime_info']
    assert remembered['best_ckpt'] == str(best)
    remembered['best_score'] = 0.0  # so that the next epoch is a new best, and the old one goes
    torch.save(checkpoint, tmp_path / 'from.pth')
    command = (*TRAIN, CONFIG, '--work-dir', tmp_path / 'new', '--resume', tmp_path / 'from.pth')
    run_tool(*command, *options('train_cfg.max_epochs=4'))
    assert list((tmp_path / 'new').glob('best_*.pth'))
    assert best.is_file()


def test_without_coco_the_message_says_where_it_is_expected(run_tool, tmp_path):
    command = (*TRAIN, COCO, '--work-dir', tmp_path)
    text = run_tool(*command, expect=1, COCO_ROOT=str(tmp_path / 'nowhere'))
    assert 'COCO_ROOT' in text
    assert 'instances_train2014.json' in text


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (
            'train_dataloder.batch_size=3',
            "nothing reads 'train_dataloder' in the command line; did",
        ),
        ('model.head.num_classes=8', 'has 10 classes, model.head 8: set model.head.num_classes=10'),
        ('model.head.loss.tou=0.5', "SPLC has no argument 'tou'; did you mean 'tau'?"),
        ('model.head.loss.tau="0.6x"', "expected tau to be a number in [0, 1], got '0.6x'"),
    ],
)
def test_an_error_of_the_user_ends_in_one_line(change, message, run_tool, tmp_path):
    command = (*TRAIN, CONFIG, '--work-dir', tmp_path, *options(change))
    text = run_tool(*command, expect=1)
    assert 'Traceback' not in text
    line = text.splitlines()[-1]
    assert line.startswith('error: ')
    assert message in line
    assert 'Epoch(train)' not in text
    if 'num_classes' in change:
        text = run_tool(*command, expect=1, MLML_TRACEBACK='1')
        assert 'Traceback' in text
        assert message in text.splitlines()[-1]


def test_a_second_training_in_a_folder_is_refused_in_one_line(run_tool, tmp_path):
    lock = lock_folder(tmp_path, 'the first one')
    text = run_tool(*TRAIN, CONFIG, '--work-dir', tmp_path, *options(), expect=1)
    lock.release()
    line = text.splitlines()[-1]
    assert line.startswith(
        f'error: {tmp_path} is used by another training: process {os.getpid()} on '
    )
    assert ': the first one. Wait until it ends' in line
    assert 'Traceback' not in text
    assert {path.name for path in tmp_path.iterdir()} == {LOCK, HOLDER}


IMAGE_SIZES = [96, pytest.param(448, marks=pytest.mark.slow)]


@pytest.mark.parametrize('size', IMAGE_SIZES)
def test_coco_trains_from_a_local_file_of_backbone_weights(size, run_tool, tmp_path, coco_root):
    """The main job on a small COCO folder, with weights as torchvision names them."""
    weights = torchvision.models.resnet50(weights=None).state_dict()
    torch.save(weights, tmp_path / 'resnet50.pth')
    text = run_tool(
        *TRAIN, COCO, '--work-dir', tmp_path, '--no-persistent-workers', '--cfg-options',
        'train_cfg.max_epochs=2', 'train_dataloader.batch_size=4', 'train_dataloader.num_workers=0',
        'val_dataloader.batch_size=4', 'val_dataloader.num_workers=0',
        f'train_dataloader.dataset.pipeline.1.scale=({size},{size})',
        f'val_dataloader.dataset.pipeline.1.scale=({size},{size})',
        f'model.backbone.init_cfg.checkpoint={tmp_path}/resnet50.pth', COCO_ROOT=str(coco_root),
    )  # fmt: skip
    assert 'Loads checkpoint by local backend' in text
    assert 'missing keys' not in text
    assert len(read_scores(tmp_path)) == 2


def test_without_a_network_the_message_says_what_to_do(run_tool, tmp_path, coco_root):
    missing = 'model.backbone.init_cfg.checkpoint=http://127.0.0.1:9/resnet50.pth'
    text = run_tool(
        *TRAIN, COCO, '--work-dir', tmp_path, '--cfg-options', missing,
        expect=1, COCO_ROOT=str(coco_root), TORCH_HOME=str(tmp_path),
    )  # fmt: skip
    assert 'could not download http://127.0.0.1:9/resnet50.pth' in text
    assert 'model.backbone.init_cfg.checkpoint=FILE' in text
    assert 'model.backbone.init_cfg=None' in text
