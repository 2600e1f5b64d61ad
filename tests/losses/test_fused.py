"""Generated kernels: values and gradients of the eager loss, few graphs, clear errors."""

import gc
import pickle
from copy import deepcopy

import pytest
import torch
from helpers.losses import ready
from torch._dynamo.testing import CompileCounterWithBackend

from mmpretrain_mlml import ASL, GR, SPLC, WAN, Hill
from mmpretrain_mlml.losses import fused
from mmpretrain_mlml.losses.protocols import set_epoch

# torch hides it when it compiles for logits of a network, unless warnings are errors
pytestmark = pytest.mark.filterwarnings('ignore:The .grad attribute of a Tensor')


def batch(images=9, classes=7, dtype=torch.float32):
    logits = 3 * torch.randn(images, classes, dtype=dtype)
    return logits, torch.randint(-1, 2, logits.shape).to(dtype)


def assert_same(loss, eager, logits, target, **arguments):
    leaf, expected = (logits.clone().requires_grad_() for _ in range(2))
    values = loss(1 * leaf, target, **arguments), eager(expected, target, **arguments)
    torch.testing.assert_close(*values)
    for value in values:
        value.sum().backward()
    torch.testing.assert_close(leaf.grad, expected.grad)


@pytest.fixture(autouse=True)
def _no_graphs_of_other_tests():
    torch.manual_seed(0)
    torch._dynamo.reset()


@pytest.fixture
def graphs(monkeypatch):
    """Graphs that were compiled, without generating kernels."""
    counter = CompileCounterWithBackend('eager')
    monkeypatch.setattr(fused, 'BACKEND', counter)
    return counter


@pytest.mark.slow
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
@pytest.mark.parametrize('cls', [Hill, SPLC])
def test_generated_kernels_give_value_and_gradient(cls, dtype):
    weights = {'class_weight': [1.0, 2, 0, 3, 1, 1, 1], 'pos_weight': 2.5}
    assert_same(ready(cls, fused=True, **weights), ready(cls, **weights), *batch(dtype=dtype))


@pytest.mark.slow
@pytest.mark.parametrize('cls', [Hill, SPLC])
def test_generated_kernels_are_exact_at_any_logit(cls):
    logits = torch.linspace(-104, 104, 209).repeat(2, 1).requires_grad_()
    target = torch.tensor([[0.0], [1.0]]).expand(2, 209)
    ready(cls, fused=True, reduction='sum')(logits, target).backward()
    wide = logits.detach().double().requires_grad_()
    ready(cls, reduction='none')(wide, target).sum().backward()
    tiny = torch.finfo(torch.float32).tiny
    torch.testing.assert_close(logits.grad.double(), wide.grad, rtol=5e-6, atol=tiny)


@pytest.mark.parametrize('cls', [ASL, GR, Hill, SPLC, WAN])
def test_losses_by_entry_are_the_same(cls, graphs):
    loss, eager = ready(cls, fused=True), ready(cls)
    assert_same(loss, eager, *batch())
    assert_same(loss, eager, *batch(), weight=torch.rand(9), reduction_override='none')
    assert graphs.frame_count == 2


@pytest.mark.parametrize('cls', [Hill, SPLC])
@pytest.mark.parametrize('weighted', [False, True])
def test_neither_epochs_nor_small_batches_compile_again(cls, weighted, graphs):
    weights = {'class_weight': [1.0, 2, 0, 3, 1, 1, 1]} if weighted else {}
    loss, eager = ready(cls, fused=True, **weights), ready(cls, **weights)
    for epoch in range(4):
        for each in loss, eager:
            set_epoch(each, epoch, 4)
        for images in (9, 8, 2):
            assert_same(loss, eager, *batch(images), avg_factor=images)
    assert graphs.frame_count == (2 if cls is SPLC else 1)


def test_an_epoch_in_the_call_does_not_compile_again(graphs):
    loss, eager = SPLC(fused=True), SPLC()
    for epoch in range(4):
        assert_same(loss, eager, *batch(), epoch=epoch)
    assert graphs.frame_count == 2


def test_losses_have_graphs_of_their_own(graphs):
    with torch._dynamo.config.patch(cache_size_limit=1):  # for one function
        for gamma in (1.0, 2.0):
            assert_same(Hill(gamma=gamma, fused=True), Hill(gamma=gamma), *batch())


def test_inside_a_compiled_network_it_is_part_of_that(graphs):
    loss = Hill(fused=True)
    whole = torch.compile(lambda x, y: loss(2 * x, y), backend=graphs, fullgraph=True)
    assert_same(whole, lambda x, y: Hill()(2 * x, y), *batch())
    assert graphs.frame_count == 1


@pytest.mark.parametrize('copied', [deepcopy, lambda loss: pickle.loads(pickle.dumps(loss))])
def test_a_loss_in_use_can_be_copied(copied, graphs):
    loss = Hill(fused=True)
    assert_same(loss, Hill(), *batch())
    assert_same(copied(loss), Hill(), *batch())


def test_a_loss_in_use_can_go(graphs):
    Hill(fused=True)(*batch())
    loss = Hill(fused=True)
    loss(*batch())
    gc.collect()
    assert list(fused._compiled) == [loss]


def test_mistakes_keep_their_own_errors(graphs):
    x, y = batch()
    with pytest.raises(RuntimeError, match='SPLC is missing the epoch'):
        SPLC(fused=True)(x, y)
    with pytest.raises(RuntimeError, match='SPLC is missing the epoch'):
        SPLC(fused=True)(x, y, weight=torch.ones(9))
    with pytest.raises(ValueError, match='expected targets of 1'):
        Hill(fused=True)(x, y + 2)
    with pytest.raises(ValueError, match=r'weight of shape \(9,\)'):
        Hill(fused=True)(x, y, weight=torch.ones(7))
    with pytest.raises(ValueError, match="expected fused to be True or False, got 'no'"):
        Hill(fused='no')


def test_a_missing_compiler_is_named():
    options = {'cpp.cxx': ('no-such-compiler',), 'force_disable_caches': True}
    with (
        torch._inductor.config.patch(options),
        pytest.raises(RuntimeError, match=r'^fused=True of Hill needs torch\.compile.*C\+\+'),
    ):
        Hill(fused=True)(*batch())
