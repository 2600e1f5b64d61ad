"""The command line tools, as real processes: train, kill, resume, test, several processes."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
import torch
import torchvision
from helpers import ROOT

import mmpretrain_mlml  # noqa: F401  lets torch.load read training state

CONFIG = 'configs/digits_0.4left_splc.py'
SMALL = (
    'train_dataloader.dataset.size=256', 'val_dataloader.dataset.size=101',
    'test_dataloader.dataset.size=101', 'val_dataloader.batch_size=20',
    'test_dataloader.batch_size=20', 'model.backbone.base_channels=4',
    'model.backbone.stem_channels=4', 'model.head.in_channels=32', 'train_cfg.max_epochs=3',
)  # fmt: skip


def options(*changes):
    return ['--cfg-options', *SMALL, *changes]


def scores(work_dir):
    """Validation scores of all runs in a work directory, in order."""
    rows = []
    for path in sorted(work_dir.glob('*/vis_data/scalars.json')):
        rows += [json.loads(line) for line in path.read_text().splitlines()]
    return [row for row in rows if 'multi-label/mAP' in row]


def assert_same_scores(metrics, validation):
    found = json.loads(metrics.read_text())
    expected = {key: value for key, value in validation.items() if key.startswith('multi-label/')}
    assert len(expected) == 8
    assert {key: found[key] for key in expected} == pytest.approx(expected, abs=1e-6)


@pytest.fixture(scope='module')
def trained(run_tool, tmp_path_factory):
    work_dir = tmp_path_factory.mktemp('trained')
    run_tool('python', 'tools/train.py', CONFIG, '--work-dir', work_dir, *options())
    return work_dir


def test_training_leaves_checkpoints_and_scores(trained):
    assert (trained / 'epoch_3.pth').is_file()
    assert list(trained.glob('best_multi-label_mAP_epoch_*.pth'))
    assert len(scores(trained)) == 3


def test_test_prints_the_scores_of_the_last_validation(trained, run_tool, tmp_path):
    out = ('--out', tmp_path / 'metrics.json', '--out-item', 'metrics', '--work-dir', tmp_path)
    run_tool('python', 'tools/test.py', CONFIG, trained / 'epoch_3.pth', *out, *options())
    assert_same_scores(tmp_path / 'metrics.json', scores(trained)[-1])


@pytest.mark.slow
def test_killed_after_epoch_two_it_resumes_and_goes_on(run_tool, tmp_path):
    command = [sys.executable, 'tools/train.py', CONFIG, '--work-dir', str(tmp_path), *options()]
    env = {**os.environ, 'PYTHONPATH': str(ROOT), 'OMP_NUM_THREADS': '1'}
    command += ['train_cfg.max_epochs=50']
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120
        while (
            not (tmp_path / 'epoch_2.pth').exists() or not (tmp_path / 'last_checkpoint').exists()
        ):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)
    done = int(re.search(r'epoch_(\d+)', (tmp_path / 'last_checkpoint').read_text()).group(1))
    more = f'train_cfg.max_epochs={done + 2}'
    train = ('python', 'tools/train.py', CONFIG, '--work-dir', tmp_path, '--resume')
    text = run_tool(*train, *options(more))
    assert f'resumed epoch: {done}' in text
    assert (tmp_path / f'epoch_{done + 2}.pth').is_file()
    # with a larger max_epochs it goes on from there
    text = run_tool(*train, *options(f'train_cfg.max_epochs={done + 3}'))
    assert f'resumed epoch: {done + 2}' in text
    assert (tmp_path / f'epoch_{done + 3}.pth').is_file()


def test_the_best_file_is_for_testing_not_for_resuming(trained, run_tool, tmp_path):
    (best,) = trained.glob('best_*.pth')
    train = ('python', 'tools/train.py', CONFIG, '--work-dir', tmp_path, '--resume', best)
    text = run_tool(*train, *options(), expect=1)
    assert f'{best} holds weights alone' in text
    assert 'load_from=FILE' in text


@pytest.mark.slow
def test_resuming_into_another_folder_leaves_the_first_one_alone(trained, run_tool, tmp_path):
    (best,) = trained.glob('best_*.pth')
    checkpoint = torch.load(trained / 'epoch_3.pth', weights_only=True)
    remembered = checkpoint['message_hub']['runtime_info']
    assert remembered['best_ckpt'] == str(best)
    remembered['best_score'] = 0.0  # so that the next epoch is a new best, and the old one goes
    torch.save(checkpoint, tmp_path / 'from.pth')
    train = ('python', 'tools/train.py', CONFIG, '--work-dir', tmp_path / 'new')
    run_tool(*train, '--resume', tmp_path / 'from.pth', *options('train_cfg.max_epochs=4'))
    assert list((tmp_path / 'new').glob('best_*.pth'))
    assert best.is_file()


@pytest.mark.dist
@pytest.mark.slow
def test_two_processes_train_and_score_like_one(trained, run_tool, free_port, tmp_path):
    env = {'PORT': free_port(), 'PYTHON': sys.executable}
    folder = tmp_path / 'a folder'  # quoted all the way
    train = (CONFIG, 2, '--work-dir', folder, *options('train_dataloader.batch_size=32'))
    text = run_tool('bash', 'tools/dist_train.sh', *train, **env)
    assert 'Distributed training: True' in text
    assert 'GPU number: 2' in text
    assert (folder / 'epoch_3.pth').is_file()
    assert len(scores(folder)) == 3

    # 101 images on two processes: padded for the last batch, scored exactly
    out = ('--out', tmp_path / 'metrics.json', '--out-item', 'metrics', '--work-dir', tmp_path)
    test = (CONFIG, trained / 'epoch_3.pth', 2, *out, *options())
    run_tool('bash', 'tools/dist_test.sh', *test, **{**env, 'PORT': free_port()})
    assert_same_scores(tmp_path / 'metrics.json', scores(trained)[-1])
    # what two processes trained and scored, one process scores the same
    run_tool('python', 'tools/test.py', CONFIG, folder / 'epoch_3.pth', *out, *options())
    assert_same_scores(tmp_path / 'metrics.json', scores(folder)[-1])


def test_slurm_scripts_hand_every_argument_on(run_tool, tmp_path):
    """With an srun that, like Slurm's, starts the command it is given; here with Python's argv."""
    (tmp_path / 'srun').write_text('#!/usr/bin/env bash\nprintf "%s\\n" "$@"\n')
    (tmp_path / 'srun').chmod(0o755)
    env = {
        'PATH': f'{tmp_path}:{os.environ["PATH"]}',
        'GPUS': '16',
        'SRUN_ARGS': '--qos=a --time=9',
    }
    train = ('bash', 'tools/slurm_train.sh', 'part', 'a job', CONFIG, 'a folder', '--resume')
    found = run_tool(*train, '--cfg-options', 'x="[1, 2]"', **env).splitlines()
    for argument in (
        '--job-name=a job',
        '--ntasks=16',
        '--qos=a',
        '--time=9',
        'a folder',
        'x="[1, 2]"',
    ):
        assert argument in found
    assert found[found.index('--launcher') + 1] == 'slurm'
    found = run_tool('bash', 'tools/slurm_test.sh', 'part', 'job', CONFIG, 'a b.pth', **env)
    assert 'a b.pth' in found.splitlines()
    for script in ('slurm_train.sh', 'slurm_test.sh', 'dist_train.sh', 'dist_test.sh'):
        assert 'usage' in run_tool('bash', f'tools/{script}', expect=1)


def test_without_coco_the_message_says_where_it_is_looked_for(run_tool, tmp_path):
    text = run_tool(
        'python', 'tools/train.py', 'configs/coco_0.4left_splc.py', '--work-dir', tmp_path,
        expect=1, COCO_ROOT=str(tmp_path / 'nowhere'),
    )  # fmt: skip
    assert 'COCO_ROOT' in text
    assert 'instances_train2014.json' in text


@pytest.mark.slow
def test_coco_trains_from_a_local_file_of_backbone_weights(run_tool, tmp_path, coco_root):
    """The main job on a small COCO folder, with weights as torchvision names them."""
    weights = torchvision.models.resnet50(weights=None).state_dict()
    torch.save(weights, tmp_path / 'resnet50.pth')
    text = run_tool(
        'python', 'tools/train.py', 'configs/coco_0.4left_splc.py', '--work-dir', tmp_path,
        '--no-persistent-workers', '--cfg-options', 'train_dataloader.batch_size=4',
        'train_dataloader.num_workers=0', 'val_dataloader.batch_size=4', 'train_cfg.max_epochs=2',
        'val_dataloader.num_workers=0', f'model.backbone.init_cfg.checkpoint={tmp_path}/resnet50.pth',
        COCO_ROOT=str(coco_root),
    )  # fmt: skip
    assert 'Loads checkpoint by local backend' in text
    assert 'missing keys' not in text
    assert len(scores(tmp_path)) == 2


def test_without_a_network_the_message_says_how_to_go_on(run_tool, tmp_path, coco_root):
    text = run_tool(
        'python', 'tools/train.py', 'configs/coco_0.4left_splc.py', '--work-dir', tmp_path,
        '--cfg-options', 'model.backbone.init_cfg.checkpoint=http://127.0.0.1:9/resnet50.pth',
        expect=1, COCO_ROOT=str(coco_root), TORCH_HOME=str(tmp_path),
    )  # fmt: skip
    assert 'could not download http://127.0.0.1:9/resnet50.pth' in text
    assert 'model.backbone.init_cfg.checkpoint=FILE' in text
    assert 'model.backbone.init_cfg=None' in text
