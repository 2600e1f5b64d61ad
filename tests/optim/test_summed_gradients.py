"""An update does not depend on how its batch is split: real processes, real accumulation."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from helpers import ROOT
from helpers.processes import warm_launcher
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmpretrain_mlml import config
from mmpretrain_mlml.repairs.loading import load_from_local

CONFIG = f"""
_base_ = [
    '{ROOT}/configs/_base_/runtime.py', '{ROOT}/configs/_base_/models/digits_net.py',
    '{ROOT}/configs/_base_/recipes/paper.py', '{ROOT}/configs/_base_/labels/digits_0.4left.py',
]
model = dict(
    backbone=dict(stem_channels=4, base_channels=4, norm_cfg=dict(type='GN', num_groups=2)),
    head=dict(in_channels=32, loss=dict(type='mmpretrain_mlml.SPLC', reduction='sum')),
)
train_dataloader = dict(
    batch_size=128, dataset=dict(size=300), sampler=dict(round_up=False)  # 128, 128 and 44 images
)
val_dataloader = dict(dataset=dict(size=101))
train_cfg = dict(max_epochs=2)
default_hooks = dict(logger=dict(interval=1))
"""
# 300 images: batches of 128, 128 and 44
SPLITS = {
    'one': (1, []),
    'four processes': (4, ['train_dataloader.batch_size=32']),
    'two, accumulating': (
        2, ['train_dataloader.batch_size=32', 'optim_wrapper.accumulative_counts=2'],
    ),
    'accumulating': (1, ['train_dataloader.batch_size=32', 'optim_wrapper.accumulative_counts=4']),
}  # fmt: skip


@pytest.fixture(scope='module')
def runs(run_tool, free_port, tmp_path_factory):
    folder = tmp_path_factory.mktemp('splits')
    (folder / 'config.py').write_text(CONFIG)

    def train(split):
        processes, options = SPLITS[split]
        work_dir = folder / split
        arguments = [folder / 'config.py', '--work-dir', work_dir]
        arguments += ['--cfg-options', *options] if options else []
        if processes == 1:
            run_tool('python', 'tools/train.py', *arguments)
        else:
            env = {'PORT': free_port(), **warm_launcher()}
            run_tool('bash', 'tools/dist_train.sh', arguments[0], processes, *arguments[1:], **env)
        (log,) = work_dir.glob('*/vis_data/scalars.json')
        rows = [json.loads(line) for line in log.read_text().splitlines()]
        return load_from_local(work_dir / 'epoch_2.pth'), rows

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(SPLITS, pool.map(train, SPLITS)))


@pytest.mark.dist
@pytest.mark.parametrize('split', list(SPLITS)[1:])
def test_training_equals_that_with_whole_batches(runs, split):
    (expected, log), (checkpoint, other_log) = runs['one'], runs[split]
    for part in ('state_dict', 'ema_state_dict'):
        for key, value in expected[part].items():
            torch.testing.assert_close(checkpoint[part][key], value, rtol=0, atol=1e-6)
    assert expected['ema_state_dict']['steps'] == 1 + 2 * 3  # the initial weights and each update
    first, second = (each['optimizer']['param_groups'][0] for each in (expected, checkpoint))
    assert second['lr'] == first['lr']
    assert second['betas'] == first['betas']
    for a, b in zip(validations(log), validations(other_log), strict=True):
        assert a == pytest.approx(b, abs=1e-6)


def validations(log):
    rows = [row for row in log if 'multi-label/mAP' in row]
    assert all('raw/multi-label/mAP' in row for row in rows)
    assert len(rows) == 2
    return [{k: v for k, v in row.items() if 'multi-label/' in k} for row in rows]


@pytest.mark.dist
def test_logged_loss_is_that_of_the_whole_batch(runs):
    one, four = (
        [row['loss'] for row in runs[split][1] if 'loss' in row]
        for split in ('one', 'four processes')
    )
    assert len(one) == 6
    assert four == pytest.approx(one, rel=1e-6)
    last = 3 * one[2] - 2 * one[1]  # the log smooths: a row is the mean of those before
    assert last == pytest.approx(one[1] * 44 / 128, rel=0.1)  # 44 images keep their plain sum


@pytest.mark.dist
@pytest.mark.slow
def test_sharded_training_over_two_processes_is_the_same(runs, run_tool, free_port, tmp_path):
    """FSDP, as the shipped config has it, one epoch and another one after resuming."""
    shipped = Config.fromfile(config('coco_0.4left_splc_fsdp.py'))
    shipped.strategy.model_wrapper.auto_wrap_policy.min_num_params = 2000
    keys = ('runner_type', 'strategy', 'custom_hooks')
    text = f'{CONFIG}{Config({key: shipped[key] for key in keys}).pretty_text}\n'
    text += f'optim_wrapper = dict(paramwise_cfg={shipped.optim_wrapper.paramwise_cfg.to_dict()})'
    (tmp_path / 'config.py').write_text(text)
    for epochs in (1, 2):
        run_tool(
            'bash', 'tools/dist_train.sh', tmp_path / 'config.py', 2, '--work-dir', tmp_path / 'run',
            '--resume', '--cfg-options', 'train_dataloader.batch_size=64',
            f'train_cfg.max_epochs={epochs}', PORT=free_port(), **warm_launcher(),
        )  # fmt: skip
    sharded = load_from_local(tmp_path / 'run/epoch_2.pth')
    expected, log = runs['one']
    for key, value in sharded['state_dict'].items():
        raw = expected['ema_state_dict'][f'module.{key}']
        torch.testing.assert_close(value, raw, rtol=0, atol=1e-6)
    rows = [json.loads(line) for path in sorted((tmp_path / 'run').glob('*/vis_data/scalars.json'))
            for line in path.read_text().splitlines()]  # fmt: skip
    scores = [row['multi-label/mAP'] for row in rows if 'multi-label/mAP' in row]
    assert scores == pytest.approx(
        [row['raw/multi-label/mAP'] for row in validations(log)], abs=1e-6
    )
    assert not list((tmp_path / 'run').glob('.*.part'))


def test_every_optimiser_wrapper_sums_gradients():
    def build(**cfg):
        optimizer = {'type': 'SGD', 'lr': 0.1}
        constructor = 'mmpretrain_mlml.SummedGradientsConstructor'
        return build_optim_wrapper(
            nn.Linear(1, 1), {'constructor': constructor, 'optimizer': optimizer, **cfg}
        )

    for kind in ('OptimWrapper', 'AmpOptimWrapper'):
        options = {'dtype': 'bfloat16'} if kind == 'AmpOptimWrapper' else {}
        wrapper = build(type=kind, accumulative_counts=3, **options)
        assert type(wrapper).__name__ == f'Summed{kind}'
        assert wrapper.scale_loss(torch.tensor(6.0)) == 6
    assert type(build()).__name__ == 'SummedOptimWrapper'


def test_update_ends_with_its_epoch_if_the_length_is_known():
    wrapper = build_optim_wrapper(
        nn.Linear(1, 1),
        {
            'constructor': 'mmpretrain_mlml.SummedGradientsConstructor',
            'optimizer': {'type': 'SGD', 'lr': 0.1},
            'accumulative_counts': 2,
        },
    )

    def updates(iterations):
        finished = []
        for iteration in range(1, iterations + 1):
            synced = wrapper.should_sync()
            wrapper._inner_count += 1
            assert wrapper.should_update() == synced
            if synced:
                finished.append(iteration)
        return finished

    wrapper.initialize_count_status(None, 0, 20)
    assert updates(10) == [2, 4, 6, 8, 10]
    for _ in range(2):  # also after epochs of another length, as in a resumed run
        wrapper.begin_epoch(5)
        assert updates(5) == [2, 4, 5]
    wrapper.initialize_count_status(None, 7, 20)
    wrapper.begin_epoch(5, done=3)  # resumed inside an epoch
    assert updates(2) == [1, 2]


@pytest.mark.filterwarnings('ignore')  # torch's own, while it traces
def test_torch_compile_can_trace_the_step_of_the_recipe():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2))
    recipe = Config.fromfile(config('_base_/recipes/paper.py')).optim_wrapper
    wrapper = build_optim_wrapper(model, recipe)
    before = model[0].weight.detach().clone()

    @torch.compile(backend='eager')
    def step(images):
        wrapper.update_params(model(images).square().sum())

    step(torch.randn(4, 3))
    assert not torch.equal(model[0].weight, before)
