"""A training on a GPU: float16 with a loss scaler, resumption, NCCL, and no wait inside a step."""

import shutil
import sys

import pytest
import torch
from helpers.runners import make_runner
from helpers.same_end import assert_same
from helpers.training import CONFIG, options, read_scores

from mmpretrain_mlml.repairs.loading import load_from_local

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU'),
    # mmengine makes its loss scaler in a way that torch announces to end
    pytest.mark.filterwarnings(r'ignore:.torch\.cuda\.amp\.GradScaler:FutureWarning'),
]
SPLC = {'head': {'loss': {'type': 'mmpretrain_mlml.SPLC', '_delete_': True}}}
AVERAGE = [{'type': 'mmpretrain_mlml.WeightAverageHook'}]
FLOAT16 = {'type': 'AmpOptimWrapper', 'dtype': 'float16'}
FUSED = {**FLOAT16, 'optimizer': {'fused': True}}


def weights_of(runner):
    return [parameter.detach().cpu().clone() for parameter in runner.model.parameters()]


def watch_steps(runner, watch):
    """Let a function run each step: watch(index, step)."""
    run_iter = type(runner.train_loop).run_iter

    def watched(self, index, batch):
        watch(index, lambda: run_iter(self, index, batch))

    runner.train_loop.run_iter = watched.__get__(runner.train_loop)


def test_float16_skips_an_update_that_overflows_and_trains_on(tmp_path):
    scale = {'init_scale': 2.0**60, 'backoff_factor': 2.0**-50}
    runner = make_runner(tmp_path, model=SPLC, optim_wrapper={**FLOAT16, 'loss_scale': scale})
    scales, weights = [], []

    def note(index, step):
        if not weights:
            weights.append(weights_of(runner))
        step()
        scales.append(runner.optim_wrapper.loss_scaler.get_scale())
        weights.append(weights_of(runner))

    watch_steps(runner, note)
    runner.train()
    assert next(runner.model.parameters()).is_cuda
    assert scales == [2.0**10] * 9  # the first update was skipped, no other one
    assert all(torch.equal(*pair) for pair in zip(weights[0], weights[1]))
    assert any(not torch.equal(*pair) for pair in zip(weights[1], weights[2]))
    assert all(torch.isfinite(weight).all() for weight in weights[-1])


@pytest.mark.filterwarnings('ignore:Synchronization debug mode is a prototype')
@pytest.mark.parametrize('wrapper', [{}, FUSED], ids=['float32', 'float16-fused'])
@pytest.mark.parametrize('collate', ['default_collate', 'pseudo_collate'])
def test_a_step_waits_for_nothing(tmp_path, wrapper, collate):
    """With all default hooks, but in the first and the last step of an epoch."""
    runner = make_runner(
        tmp_path,
        model=SPLC,
        train_dataloader={
            'batch_size': 8,
            'pin_memory': True,
            'collate_fn': {'type': collate},
        },
        default_hooks={'logger': {'interval': 50}},
        custom_hooks=AVERAGE,
        optim_wrapper=wrapper,
    )
    seen = []

    def without_waits(index, step):
        inside = 0 < index < 5
        torch.cuda.set_sync_debug_mode('error' if inside else 'default')
        try:
            step()
        finally:
            torch.cuda.set_sync_debug_mode('default')
        seen.append(inside)

    watch_steps(runner, without_waits)
    runner.train()
    assert sum(seen) == 3 * 4


@pytest.fixture
def deterministic(monkeypatch):
    monkeypatch.setenv('CUBLAS_WORKSPACE_CONFIG', ':4096:8')
    yield {'randomness': {'seed': 0, 'deterministic': True}}
    torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.deterministic = False


@pytest.mark.parametrize('wrapper', [{}, FLOAT16], ids=['float32', 'float16'])
def test_a_resumed_run_ends_like_an_undisturbed_one(tmp_path, deterministic, wrapper):
    changes = {'model': SPLC, 'optim_wrapper': wrapper, 'custom_hooks': AVERAGE, **deterministic}
    make_runner(tmp_path / 'straight', **changes).train()
    (tmp_path / 'resumed').mkdir()
    begun = shutil.copy(tmp_path / 'straight/epoch_2.pth', tmp_path / 'resumed/epoch_2.pth')
    make_runner(tmp_path / 'resumed', load_from=str(begun), resume=True, **changes).train()
    ends = [load_from_local(tmp_path / name / 'epoch_3.pth') for name in ('resumed', 'straight')]
    for part in ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers'):
        assert_same(*(end[part] for end in ends), part)


@pytest.mark.dist
def test_one_process_trains_with_nccl(run_tool, free_port, tmp_path):
    command = 'tools/dist_train.sh', CONFIG, 1, '--work-dir', tmp_path / 'run', *options()
    text = run_tool('bash', *command, PORT=free_port(), PYTHON=sys.executable)
    assert 'gloo' not in text  # nor has it fallen back
    (log,) = (tmp_path / 'run').glob('*/*.log')
    assert 'Distributed training: True' in log.read_text()
    scores = read_scores(tmp_path / 'run')
    assert len(scores) == 3
    assert all(0 < row['multi-label/mAP'] <= 100 for row in scores)
