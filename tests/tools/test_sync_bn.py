"""Batch norm over several processes: torch has it for GPUs only."""

import json
import sys

import pytest
import torch
from torch import nn
from torch.distributed import HashStore

CONFIG = 'configs/digits_0.4left_splc.py'
SMALL = (
    'train_dataloader.dataset.size=256', 'val_dataloader.dataset.size=101',
    'train_cfg.max_epochs=2', 'sync_bn=torch', 'optim_wrapper.optimizer.lr=1e-4',
)  # fmt: skip


def test_on_cpus_torch_refuses_it():
    torch.distributed.init_process_group('gloo', store=HashStore(), rank=0, world_size=1)
    try:
        with pytest.raises(ValueError, match='SyncBatchNorm expected input tensor to be on'):
            nn.SyncBatchNorm(2)(torch.zeros(4, 2, 3, 3))
    finally:
        torch.distributed.destroy_process_group()


@pytest.mark.gpu
@pytest.mark.dist
@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason='needs two GPUs')
def test_two_processes_with_sync_bn_score_like_one(run_tool, free_port, tmp_path):
    options = ('--cfg-options', *SMALL)
    train = ('tools/train.py', CONFIG, '--work-dir', tmp_path / 'one', *options)
    run_tool('python', *train, CUDA_VISIBLE_DEVICES='0')
    train = ('tools/dist_train.sh', CONFIG, 2, '--work-dir', tmp_path / 'two', *options)
    env = {'PORT': free_port(), 'PYTHON': sys.executable}
    run_tool('bash', *train, 'train_dataloader.batch_size=32', **env)
    one, two = (scores(tmp_path / name) for name in ('one', 'two'))
    assert len(one) == 2
    for expected, found in zip(one, two, strict=True):
        assert found == pytest.approx(expected, abs=0.1)  # percent; GPUs sum in another order


def scores(work_dir):
    (log,) = work_dir.glob('*/vis_data/scalars.json')
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    return [row['multi-label/mAP'] for row in rows if 'multi-label/mAP' in row]
