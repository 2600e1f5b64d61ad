"""bfloat16 on a CPU: mmengine's wrapper trains, and losses compute in float32."""

import pytest
import torch
from helpers.runners import make_runner
from mmengine.optim import build_optim_wrapper
from torch import nn

from mmpretrain_mlml.losses import MultiLabelLoss

BF16 = {'type': 'AmpOptimWrapper', 'dtype': 'bfloat16'}
needs_no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason='there is a GPU')


@pytest.mark.parametrize('loss', ['BCE', 'Hill', 'SPLC'])
def test_a_network_trains_in_bf16_and_its_loss_computes_in_float32(tmp_path, monkeypatch, loss):
    seen = []
    forward = MultiLabelLoss.forward

    def watch(self, pred, target, **kwargs):
        value = forward(self, pred, target, **kwargs)
        with torch.autocast('cpu', enabled=False):
            alone = forward(self, pred.float(), target, **kwargs)
        seen.append((pred.dtype, value.dtype, float(value.detach()), float(alone.detach())))
        return value

    monkeypatch.setattr(MultiLabelLoss, 'forward', watch)
    kind = {'type': f'mmpretrain_mlml.{loss}', '_delete_': True}
    runner = make_runner(tmp_path, optim_wrapper=BF16, model={'head': {'loss': kind}})
    before = runner.model.head.fc.weight.detach().clone()
    runner.train()
    assert len(seen) == 9
    for pred, value, under_autocast, in_float32 in seen:
        assert (pred, value) == (torch.bfloat16, torch.float32)
        assert under_autocast == in_float32
    weight = runner.model.head.fc.weight
    assert weight.dtype == torch.float32
    assert torch.isfinite(weight).all()
    assert not torch.equal(weight, before)


@needs_no_gpu
def test_float16_without_a_gpu_is_refused_with_a_way_out():
    cfg = {'type': 'AmpOptimWrapper', 'dtype': 'float16', 'optimizer': {'type': 'SGD', 'lr': 1}}
    with pytest.raises(ValueError, match=r"float16 needs a GPU.*dtype='bfloat16'"):
        build_optim_wrapper(nn.Linear(1, 1), cfg)


@needs_no_gpu
def test_the_amp_flag_means_bf16_here():
    cfg = {'type': 'AmpOptimWrapper', 'loss_scale': 'dynamic'}
    wrapper = build_optim_wrapper(nn.Linear(1, 1), {**cfg, 'optimizer': {'type': 'SGD', 'lr': 1}})
    assert wrapper.cast_dtype == torch.bfloat16
