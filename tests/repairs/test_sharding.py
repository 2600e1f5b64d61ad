"""Two processes on the CPU train with DDPStrategy and FSDPStrategy, and resume from what they save."""

import os
import sys
from pathlib import Path

import pytest
import torch
from helpers.processes import run_ranks
from helpers.stock_runs import Line, collate
from mmengine.runner import FlexibleRunner

from mmpretrain_mlml.repairs.distributed import leave_gloo

STRATEGIES = {
    'DDPStrategy': {},
    'FSDPStrategy': {  # each process saves its share, the default
        'model_wrapper': {'type': 'MMFullyShardedDataParallel', 'use_orig_params': True}
    },
}


@pytest.mark.dist
def test_a_resumed_run_ends_as_an_undisturbed_one(tmp_path):
    run_ranks(__file__, tmp_path)
    assert (tmp_path / 'DDPStrategy/epoch_2.pth').is_file()
    shares = (tmp_path / 'FSDPStrategy/epoch_2.pth').iterdir()  # a folder
    assert {path.name for path in shares} == {'rank0.pth', 'rank1.pth'}


def train(kind, work_dir, epochs, **kwargs):
    """Return the weights of this process, and the optimiser's state, after some epochs."""
    torch.manual_seed(0)
    runner = FlexibleRunner(
        model=Line(inputs=3),
        work_dir=str(work_dir),
        experiment_name=f'{work_dir.name}-{epochs}-{kind}-{len(kwargs)}',
        strategy={'type': kind, **STRATEGIES[kind]},
        launcher='pytorch',
        train_dataloader={
            'dataset': [torch.arange(3.0) + index for index in range(8)],
            'batch_size': 2,
            'sampler': {'type': 'DefaultSampler', 'shuffle': False},
            'collate_fn': collate,
        },
        train_cfg={'by_epoch': True, 'max_epochs': epochs},
        optim_wrapper={'optimizer': {'type': 'Adam', 'lr': 0.1}},
        param_scheduler={'type': 'MultiStepLR', 'milestones': [1], 'end': 9},
        log_level='ERROR',
        **kwargs,
    )
    runner.train()
    assert (runner.epoch, runner.iter) == (epochs, 2 * epochs)
    weights = [parameter.detach().clone() for parameter in runner.model.parameters()]
    moments = [
        state[key].clone()
        for state in runner.optim_wrapper.optimizer.state.values()
        for key in ('exp_avg', 'exp_avg_sq')
    ]
    return weights + moments


def compare(rank, folder):
    os.environ['LOCAL_RANK'] = str(rank)
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/meeting', rank=rank, world_size=2
    )
    for kind in STRATEGIES:
        expected = train(kind, folder / f'{kind}-straight', 2)
        train(kind, folder / kind, 1)
        resumed = train(kind, folder / kind, 2, resume=True)
        assert sum(tensor.numel() for tensor in expected) > 0
        for one, other in zip(expected, resumed, strict=True):
            assert torch.equal(one, other), kind


if __name__ == '__main__':
    compare(int(sys.argv[1]), Path(sys.argv[2]))
    leave_gloo()
