"""Losses on a GPU: the values of the CPU, without a wait; what can be shown without one is."""

from copy import deepcopy

import pytest
import torch
from helpers.losses import CLASSES, batch, ready
from helpers.waits import Waits

from mmpretrain_mlml import FAMILY, SPLC, Hill

RANKED = {'LLR', 'LLCt', 'LLCp', 'PASL'}  # they choose the k largest entries
WEIGHTS = {'pos_weight': [2.0] * CLASSES, 'class_weight': [3.0] * CLASSES}
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
DTYPES = {torch.float64: 1e-9, torch.float32: 1e-5, torch.bfloat16: 1e-5, torch.float16: 1e-5}


@pytest.mark.parametrize('weights', [{}, WEIGHTS], ids=['plain', 'weighted'])
@pytest.mark.parametrize('reduction', ['sum', 'mean', 'none'])
@pytest.mark.parametrize('cls', FAMILY)
def test_no_loss_waits_for_the_device(cls, reduction, weights):
    """On a device that computes nothing: there, a number that is read raises an error."""
    loss = ready(cls, **weights).to('meta')
    logits, target = (tensor.float().to('meta') for tensor in batch())
    logits.requires_grad_()
    loss(logits, target, reduction_override=reduction)  # what is kept between calls is copied
    with Waits() as waits:
        loss(logits, target, reduction_override=reduction).sum().backward()
    assert not waits.places
    assert logits.grad.device.type == 'meta'


def value_and_slope(loss, logits, target, reduction):
    logits = logits.detach().clone().requires_grad_()
    value = loss(logits, target, reduction_override=reduction)
    value.backward()
    return value.detach().cpu(), logits.grad.cpu()


@pytest.mark.gpu
@needs_gpu
@pytest.mark.parametrize('dtype', DTYPES)
@pytest.mark.parametrize('reduction', ['sum', 'mean'])
@pytest.mark.parametrize('cls', FAMILY)
def test_value_and_gradient_are_those_of_the_cpu(cls, reduction, dtype):
    torch.manual_seed(0)
    loss = ready(cls, shape=(32, 80))
    on_gpu = deepcopy(loss).cuda()
    logits, target = batch(32, 80, values=(-1, 0, 1), scale=8.0)
    logits = logits.to(dtype)
    exact = logits if dtype in (torch.float64, torch.float32) else logits.float()
    value, slope = value_and_slope(loss, exact, target.to(exact.dtype), reduction)
    with torch.autocast('cuda', dtype, enabled=dtype in (torch.float16, torch.bfloat16)):
        found = value_and_slope(on_gpu, logits.cuda(), target.to(exact.dtype).cuda(), reduction)
    assert found[0].dtype == value.dtype  # half inputs give float32 losses
    close = DTYPES[dtype]
    torch.testing.assert_close(found[0], value, rtol=close, atol=close)
    if cls.__name__ in RANKED and exact is not logits:  # of equal logits, either may be chosen
        found, slope = (found[0], found[1].flatten().sort().values), slope.flatten().sort().values
    coarse = max(close, torch.finfo(dtype).eps)  # the gradient has the precision of the logits
    torch.testing.assert_close(found[1].to(exact.dtype), slope, rtol=2 * coarse, atol=coarse)


@pytest.mark.gpu
@needs_gpu
@pytest.mark.filterwarnings('ignore:The .grad attribute of a Tensor')  # as in test_fused.py
@pytest.mark.parametrize('dtype', [torch.float32, torch.float16])
@pytest.mark.parametrize('cls', [Hill, SPLC])
def test_generated_kernels_give_value_and_gradient_of_the_cpu(cls, dtype):
    logits, target = batch(32, 80, values=(-1, 0, 1), scale=8.0)
    logits = logits.to(dtype)
    value, slope = value_and_slope(ready(cls), logits.float(), target.float(), 'sum')
    fused = ready(cls, fused=True).cuda()
    with torch.autocast('cuda', dtype, enabled=dtype == torch.float16):
        found = value_and_slope(fused, logits.cuda(), target.float().cuda(), 'sum')
    torch.testing.assert_close(found[0], value, rtol=1e-5, atol=1e-5)
    coarse = max(1e-5, torch.finfo(dtype).eps)
    torch.testing.assert_close(found[1].float(), slope, rtol=2 * coarse, atol=coarse)
