"""The modules: reduction, weights, defaults, SPLC's epoch, MMPretrain's heads."""

import inspect

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmpretrain_mlml import ASL, BCE, SPLC, Focal, FocalMargin, Hill
from mmpretrain_mlml.losses import functional

ALL = [BCE, Focal, ASL, Hill, SPLC]


def ready(cls, **kwargs):
    loss = cls(**kwargs)
    if hasattr(loss, 'set_epoch'):
        loss.set_epoch(1)
    return loss


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(6, 4, generator=generator), torch.eye(6)[:, :4]


@pytest.mark.parametrize('cls', ALL)
def test_reductions(cls, batch):
    entries = ready(cls, reduction='none')(*batch)
    assert entries.shape == (6, 4)
    torch.testing.assert_close(ready(cls)(*batch), entries.sum(1).mean())
    torch.testing.assert_close(ready(cls)(*batch, avg_factor=3), entries.sum() / 3)
    torch.testing.assert_close(ready(cls, reduction='sum')(*batch, avg_factor=3), entries.sum())
    found = ready(cls, reduction='sum')(*batch, reduction_override='none')
    assert torch.equal(found, entries)


@pytest.mark.parametrize('cls', ALL)
def test_weights(cls, batch):
    entries = ready(cls, reduction='none')(*batch)
    per_image, per_entry = torch.arange(6.0), torch.arange(24.0).view(6, 4)
    loss = ready(cls, loss_weight=0.5)
    torch.testing.assert_close(
        loss(*batch, weight=per_image), 0.5 * (entries * per_image[:, None]).sum() / 6
    )
    torch.testing.assert_close(
        loss(*batch, weight=per_entry), 0.5 * (entries * per_entry).sum() / 6
    )
    with pytest.raises(ValueError, match=r'weight of shape \(6,\) or \(6, 4\), got \(4,\)'):
        loss(*batch, weight=torch.ones(4))


@pytest.mark.parametrize('cls', ALL)
def test_an_empty_batch_gives_zero_and_back_propagates(cls):
    pred = torch.empty(0, 4, requires_grad=True)
    value = ready(cls)(pred, torch.empty(0, 4), avg_factor=0)
    value.backward()
    assert value == 0


@pytest.mark.parametrize(
    ('cls', 'kwargs'),
    [
        (Hill, {'gamma': -1}),
        (SPLC, {'gamma': -1}),
        (SPLC, {'tau': 1.5}),
        (SPLC, {'change_epoch': -1}),
        (SPLC, {'change_epoch': 1.5}),
        (ASL, {'clip': -0.1}),
        (Focal, {'gamma': -2}),
        *[(cls, {'reduction': 'avg'}) for cls in ALL],
    ],
)
def test_wrong_hyper_parameters_raise_when_built(cls, kwargs):
    with pytest.raises(ValueError, match='expected'):
        cls(**kwargs)


@pytest.mark.parametrize(
    ('cls', 'name'), [(Hill, 'hill_loss'), (SPLC, 'splc_loss'), (ASL, 'asl_loss')]
)
def test_modules_have_the_defaults_of_their_functions(cls, name):
    ours = inspect.signature(cls).parameters
    theirs = inspect.signature(getattr(functional, name)).parameters
    common = (set(ours) & set(theirs)) - {'reduction'}
    assert len(common) == {'asl_loss': 4}.get(name, 3)
    assert all(ours[key].default == theirs[key].default for key in common)


class TestSplcEpoch:
    def test_never_told_the_epoch_raises_and_names_the_hook(self, batch):
        for loss in (SPLC().train(), SPLC().eval()):
            with pytest.raises(RuntimeError, match='LossEpochHook'):
                loss(*batch)

    @pytest.mark.parametrize(('epoch', 'correct'), [(0, False), (2, False), (3, True), (7, True)])
    def test_corrects_from_change_epoch_on(self, batch, epoch, correct):
        loss = SPLC(change_epoch=3, reduction='none')
        expected = functional.splc_loss(*batch, correct)
        assert torch.equal(loss(*batch, epoch=epoch), expected)
        loss.set_epoch(epoch, max_epochs=9)
        assert torch.equal(loss(*batch), expected)
        assert not torch.equal(expected, functional.splc_loss(*batch, not correct))

    def test_epoch_by_keyword_holds_for_one_call(self, batch):
        loss = SPLC(reduction='none')
        loss.set_epoch(0)
        loss(*batch, epoch=5)
        assert torch.equal(loss(*batch), loss(*batch, epoch=0))

    @pytest.mark.parametrize('epoch', [-1, 0.5, True])
    def test_refuses_what_is_no_epoch(self, epoch):
        with pytest.raises(ValueError, match='epoch'):
            SPLC().set_epoch(epoch)

    def test_state_is_not_in_the_checkpoint(self):
        assert not SPLC().state_dict()


@pytest.mark.parametrize('cls', ALL)
@pytest.mark.parametrize('head', ['MultiLabelClsHead', 'MultiLabelLinearClsHead', 'CSRAClsHead'])
@pytest.mark.parametrize('reduction', ['mean', 'sum', 'none'])
def test_under_the_heads_of_mmpretrain(cls, head, reduction):
    init_default_scope('mmpretrain')
    size = {
        'MultiLabelClsHead': {},
        'MultiLabelLinearClsHead': {'num_classes': 5, 'in_channels': 5},
        'CSRAClsHead': {'num_classes': 5, 'in_channels': 5, 'num_heads': 1, 'lam': 0.1},
    }[head]
    built = MODELS.build(
        {'type': head, 'loss': {'type': cls.__name__, 'reduction': reduction}, **size}
    )
    if cls is SPLC:
        built.loss_module.set_epoch(1)
    feats = torch.randn(2, 5, 3, 3) if head == 'CSRAClsHead' else torch.randn(2, 5)
    feats.requires_grad_()
    samples = [DataSample().set_gt_label([0, 3]), DataSample().set_gt_label([])]
    loss = built.loss((feats,), samples)['loss']
    target = torch.tensor([[1.0, 0, 0, 1, 0], [0, 0, 0, 0, 0]])
    entries = built.loss_module(built((feats,)), target, reduction_override='none')
    expected = {'mean': entries.sum() / 2, 'sum': entries.sum(), 'none': entries}[reduction]
    torch.testing.assert_close(loss, expected)
    loss.sum().backward()
    assert feats.grad.abs().sum() > 0


@pytest.mark.parametrize('augment', ['Mixup', 'CutMix'])
@pytest.mark.parametrize('cls', [Hill, SPLC])
def test_mixed_targets_of_a_real_batch_augmentation_are_interpolated(cls, augment):
    init_default_scope('mmpretrain')
    torch.manual_seed(0)
    np.random.seed(0)  # of the mixing
    prepare = MODELS.build(
        {
            'type': 'ClsDataPreprocessor',
            'num_classes': 5,
            'batch_augments': {'augments': {'type': augment, 'alpha': 1.0}},
        }
    )
    samples = [DataSample().set_gt_label([k]) for k in range(4)]
    data = {'inputs': torch.rand(4, 3, 16, 16), 'data_samples': samples}
    mixed = torch.stack([s.gt_score for s in prepare(data, training=True)['data_samples']])
    assert ((mixed > 0) & (mixed < 1)).any()

    pred = torch.randn(4, 5)
    loss = ready(cls, reduction='none')
    absent, present = loss(pred, torch.zeros(4, 5)), loss(pred, torch.ones(4, 5))
    torch.testing.assert_close(loss(pred, mixed), mixed * present + (1 - mixed) * absent)


@pytest.mark.parametrize('cls', [BCE, FocalMargin, Hill, SPLC])
@pytest.mark.parametrize('reduction', ['mean', 'sum', 'none'])
def test_compiled_whole_the_loss_and_its_gradient_are_the_same(cls, reduction, batch):
    logits, target = batch
    target[0, 1], target[1, 0] = -1, 0.4  # unknown and soft
    loss = ready(cls, reduction=reduction)
    torch._dynamo.reset()
    compiled = torch.compile(loss, backend='aot_eager', fullgraph=True)
    found, expected = (logits.clone().requires_grad_() for _ in range(2))
    values = compiled(found, target), loss(expected, target)
    torch.testing.assert_close(*values)
    for value in values:
        value.sum().backward()
    torch.testing.assert_close(found.grad, expected.grad)


@pytest.mark.parametrize('cls', [Hill, SPLC])
def test_entries_can_be_differentiated_twice(cls, batch):
    logits, target = (tensor.double() for tensor in batch)
    loss = ready(cls, reduction='none')
    torch.autograd.gradgradcheck(lambda x: loss(x, target), logits.requires_grad_())


def test_torch_compile_builds_two_graphs_of_splc_over_a_training(batch):
    built = []

    def count(graph, example_inputs):
        built.append(graph)
        return graph.forward

    torch._dynamo.reset()
    loss = SPLC()
    compiled = torch.compile(loss, backend=count, fullgraph=True)
    for epoch in range(31):
        loss.set_epoch(epoch, 31)
        torch.testing.assert_close(compiled(*batch), loss(*batch))
    assert len(built) == 2


@pytest.mark.parametrize(
    'base',
    [
        BCE(),
        Hill(),
        {'type': 'mmpretrain_mlml.ASL', 'gamma_neg': 2.0},
        {'type': 'mmpretrain.AsymmetricLoss'},
        {'type': 'mmpretrain.FocalLoss'},
        {'type': 'mmpretrain.CrossEntropyLoss', 'use_sigmoid': True},
    ],
    ids=lambda base: base['type'] if isinstance(base, dict) else type(base).__name__,
)
def test_splc_corrects_labels_for_any_base(base, batch):
    logits, target = batch
    loss = SPLC(base=base, tau=0.6)
    alone = base if isinstance(base, torch.nn.Module) else MODELS.build(base)
    corrected = target.clone()
    corrected[(target == 0) & (logits.sigmoid() > 0.6)] = 1
    assert not torch.equal(corrected, target)
    before = target.clone()
    for epoch, labels in ((0, target), (1, corrected)):
        expected = alone(logits, labels, reduction_override='none')
        torch.testing.assert_close(
            loss(logits, target, reduction_override='none', epoch=epoch), expected
        )
        found = loss(logits, target, avg_factor=6, epoch=epoch)
        torch.testing.assert_close(found, expected.sum() / 6)
    assert torch.equal(target, before)
    # an unknown entry costs nothing, whatever the base makes of -1
    target[0, 0] = -1
    assert loss(logits, target, reduction_override='none', epoch=1)[0, 0] == 0


def test_splc_on_the_released_base_is_splc_with_a_focal_margin_but_for_the_margin(batch):
    """SPLC before the change is the focal margin loss; margin 0 treats corrected labels as others."""
    logits, target = batch
    alone = SPLC(margin=0.0)
    base = SPLC(margin=0.0, change_epoch=99)
    base.set_epoch(0)
    on_base = SPLC(base=base)
    for epoch in (0, 3):
        torch.testing.assert_close(
            on_base(logits, target, epoch=epoch), alone(logits, target, epoch=epoch)
        )


def test_splc_tells_its_base_the_epoch_and_refuses_what_cannot_be(batch):
    base = SPLC(change_epoch=2)
    loss = SPLC(base=base)
    loss.set_epoch(2, 31)
    assert base.correcting
    with pytest.raises(ValueError, match=r'margin=0\.5 and gamma=2\.0 belong'):
        SPLC(base=BCE(), margin=0.5)
    with pytest.raises(ValueError, match='tau'):
        SPLC(base=BCE(), tau=2)

    class Reduced(torch.nn.Module):
        def forward(self, pred, target, reduction_override=None):
            return pred.sum()

    with pytest.raises(RuntimeError, match=r'each entry, \(6, 4\).*Reduced returned \(\)'):
        SPLC(base=Reduced())(*batch, epoch=0)


def test_splc_on_a_base_sees_half_logits_in_float32(batch):
    logits, target = batch
    half = logits.half()
    loss = SPLC(base=BCE())
    found = loss(half, target, epoch=1)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, loss(half.float(), target, epoch=1), rtol=0, atol=0)


class DoubledHill(Hill):
    def elementwise(self, pred, target):
        return 2 * super().elementwise(pred, target)


class FreeNegatives(BCE):
    def negative(self, logits):
        return 0 * logits


class NeverFlips(SPLC):
    def flips(self, pred, target):
        return torch.zeros_like(pred, dtype=torch.bool)


@pytest.mark.parametrize('cls', [DoubledHill, FreeNegatives, NeverFlips])
def test_a_subclass_with_another_formula_does_not_get_its_parents_kernel(cls, batch):
    entries = ready(cls, reduction='none')(*batch)
    torch.testing.assert_close(ready(cls)(*batch), entries.sum() / 6)
    torch.testing.assert_close(ready(cls, reduction='sum')(*batch), entries.sum())
    assert not torch.equal(entries, ready(cls.__base__, reduction='none')(*batch))


@pytest.mark.parametrize('cls', [BCE, FocalMargin, Hill, SPLC])
def test_one_pass_and_the_plain_formula_give_the_same_loss_and_gradient(cls, batch):
    logits, target = batch
    target[0, 1], target[1, 0] = -1, 0.4  # unknown and soft
    loss = ready(cls)
    found, expected = (logits.clone().requires_grad_() for _ in range(2))
    loss(found, target, avg_factor=5).backward()
    (loss(expected, target, reduction_override='none').sum() / 5).backward()
    torch.testing.assert_close(found.grad, expected.grad)
    assert found.grad[0, 1] == 0
