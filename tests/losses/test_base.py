"""The base class: reduction, weights, state, the choice between one pass and the formula."""

import pickle
import warnings
from copy import deepcopy
from functools import partial

import numpy as np
import pytest
import torch
from helpers.losses import batch as random_batch
from helpers.losses import entries, ready
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS
from mmpretrain.structures import DataSample

from mmpretrain_mlml import ASL, BCE, FAMILY, RLC, SPLC, WAN, Focal, FocalMargin, Hill, Ignore, LLCp
from mmpretrain_mlml.losses import MultiLabelLoss, base
from mmpretrain_mlml.losses.focal_margin import focal_margin_one_pass

ALL = [BCE, Focal, ASL, Hill, SPLC]
ONE_PASS = [BCE, Ignore, FocalMargin, Hill, SPLC]


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(6, 4, generator=generator), torch.eye(6)[:, :4]


@pytest.fixture
def passes(monkeypatch):
    """Losses that took the one-pass path, as a list that grows."""
    calls = []

    def spy(logits, target, one_pass, *args):
        calls.append(one_pass)
        return sum_in_one_pass(logits, target, one_pass, *args)

    sum_in_one_pass = base.sum_in_one_pass
    monkeypatch.setattr(base, 'sum_in_one_pass', spy)
    return calls


@pytest.mark.parametrize('cls', ALL)
def test_reductions(cls, batch):
    loss = ready(cls, reduction='none')(*batch)
    assert loss.shape == (6, 4)
    torch.testing.assert_close(ready(cls)(*batch), loss.sum(1).mean())
    torch.testing.assert_close(ready(cls)(*batch, avg_factor=3), loss.sum() / 3)
    torch.testing.assert_close(ready(cls, reduction='sum')(*batch, avg_factor=3), loss.sum())
    overridden = ready(cls, reduction='sum')(*batch, reduction_override='none')
    assert torch.equal(overridden, loss)


@pytest.mark.parametrize('cls', ALL)
def test_weights_per_image_and_per_entry(cls, batch):
    plain = ready(cls, reduction='none')(*batch)
    per_image, per_entry = torch.arange(6.0), torch.arange(24.0).view(6, 4)
    loss = ready(cls, loss_weight=0.5)
    torch.testing.assert_close(
        loss(*batch, weight=per_image), 0.5 * (plain * per_image[:, None]).sum() / 6
    )
    torch.testing.assert_close(loss(*batch, weight=per_entry), 0.5 * (plain * per_entry).sum() / 6)
    with pytest.raises(ValueError, match=r'weight of shape \(6,\) or \(6, 4\), got \(4,\)'):
        loss(*batch, weight=torch.ones(4))


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


@pytest.mark.parametrize('avg_factor', [0, -1.0])
def test_avg_factor_must_be_positive(avg_factor):
    with pytest.raises(ValueError, match='avg_factor to be above 0'):
        BCE()(*random_batch(), avg_factor=avg_factor)


@pytest.mark.parametrize('cls', [BCE, Hill])
def test_a_target_can_have_a_gradient(cls, passes):
    x, y = random_batch()
    y.requires_grad_()
    (gradient,) = torch.autograd.grad(ready(cls, reduction='sum')(x, y), y)
    assert gradient.any()
    assert not passes


@pytest.mark.parametrize('cls', ONE_PASS)
@pytest.mark.parametrize('name', ['class_weight', 'pos_weight'])
def test_weights_that_are_learnt_have_a_gradient(cls, name, passes):
    x, y = random_batch()
    loss = ready(cls, reduction='sum')
    setattr(loss, name, torch.ones(7, dtype=torch.float64, requires_grad=True))
    (gradient,) = torch.autograd.grad(loss(x, y), getattr(loss, name))
    assert gradient.any()
    assert not passes


@pytest.mark.parametrize('cls', ONE_PASS)
@pytest.mark.parametrize('weights', [{}, {'class_weight': [0.5] * 7}, {'pos_weight': 2.0}])
def test_sums_of_these_losses_take_one_pass(cls, weights, passes):
    x, y = random_batch()
    for reduction in ('sum', 'mean'):
        ready(cls, reduction=reduction, **weights)(x, y)
    assert len(passes) == 2
    loss = ready(cls, **weights)
    entries(loss, x, y)
    loss(x, y, weight=torch.ones(9))
    assert len(passes) == 2


class DoubledHill(Hill):
    def elementwise(self, pred, target):
        return 2 * super().elementwise(pred, target)


class FreeNegatives(BCE):
    def negative(self, logits):
        return 0 * logits


class CheapNegatives(Hill):
    def negative(self, logits):
        return 0.1 * super().negative(logits)


class NeverFlips(SPLC):
    def flips(self, pred, target):
        return torch.zeros_like(pred, dtype=torch.bool)


class NeverRelabels(SPLC):
    def relabel(self, pred, target, epoch=None):
        return target


class HalfOfPositives(Hill):
    def factor(self, name, like):
        return like.new_tensor([0.5]) if name == 'pos_weight' else super().factor(name, like)


class Doubled:
    def elementwise(self, pred, target, **context):
        return 2 * super().elementwise(pred, target, **context)


class MixedInHill(Doubled, Hill):
    pass


class MixedInSPLC(Doubled, SPLC):
    pass


class BelowMixedInHill(MixedInHill):
    def one_pass_of_something_else(self):
        return None


@pytest.mark.parametrize(
    'cls',
    [DoubledHill, FreeNegatives, CheapNegatives, NeverFlips, NeverRelabels, HalfOfPositives,
     MixedInHill, MixedInSPLC, BelowMixedInHill, RLC, WAN],
)  # fmt: skip
@pytest.mark.parametrize('weights', [{}, {'class_weight': [1.0, 2, 0, 3]}])
def test_a_subclass_with_another_formula_does_not_inherit_the_one_pass(cls, weights, batch, passes):
    logits, target = 3 * batch[0], batch[1]
    loss = ready(cls, reduction='none', **weights)(logits, target)
    torch.testing.assert_close(ready(cls, **weights)(logits, target), loss.sum() / 6)
    torch.testing.assert_close(ready(cls, reduction='sum', **weights)(logits, target), loss.sum())
    assert not passes
    parent = next(c for c in cls.__mro__[1:] if c in ONE_PASS)
    assert not torch.equal(loss, ready(parent, reduction='none', **weights)(logits, target))


def test_a_subclass_with_the_same_formula_inherits_the_one_pass(batch, passes):
    class NamedHill(Hill):
        def extra_repr(self):
            return 'a hill'

    NamedHill()(*batch)
    assert len(passes) == 1


def test_a_subclass_may_bring_formula_and_one_pass(batch, passes):
    class HalfMargin(FocalMargin):
        def elementwise(self, pred, target):
            return FocalMargin(margin=0.5).elementwise(pred, target)

        def one_pass(self):
            return partial(focal_margin_one_pass, margin=0.5, gamma=2.0)

    class Below(HalfMargin):
        pass

    for cls in (HalfMargin, Below):
        torch.testing.assert_close(cls()(*batch), FocalMargin(margin=0.5)(*batch))
    assert len(passes) == 4


def test_a_loss_is_two_methods_or_one(batch):
    class Squared(MultiLabelLoss):
        def positive(self, logits):
            return (1 - logits.sigmoid()) ** 2

        def negative(self, logits):
            return logits.sigmoid() ** 2

    class Absolute(MultiLabelLoss):
        def elementwise(self, pred, target, power=1.0):
            return (pred.sigmoid() - target).abs() ** power

    logits, target = batch
    expected = (logits.sigmoid() - target) ** 2
    torch.testing.assert_close(Squared()(logits, target), expected.sum() / 6)
    torch.testing.assert_close(Absolute()(logits, target, power=2), expected.sum() / 6)
    with pytest.raises(NotImplementedError, match=r'MultiLabelLoss must define positive\(logits\)'):
        MultiLabelLoss()(logits, target)


def test_old_names_of_members_warn_and_work():
    y = torch.tensor([[1.0, 0, -1]])
    with pytest.warns(DeprecationWarning, match=r'Hill\.unmarked is deprecated; use unobserved'):
        assert torch.equal(Hill().unmarked(y), Hill().unobserved(y))
    with pytest.warns(DeprecationWarning, match=r'SPLC\.lets_go_above is deprecated; use saturat'):
        assert SPLC(tau=0.7).lets_go_above == 0.7


def test_overrides_of_old_names_warn_and_take_effect():
    with pytest.warns(DeprecationWarning, match=r'Old\.\w+ is deprecated') as warned:

        class Old(Hill):
            def unmarked(self, target):
                return super().unmarked(target) & (target > -1)

            @property
            def lets_go_above(self):
                return super().lets_go_above / 2

    messages = {str(warning.message) for warning in warned}
    assert messages == {
        'Old.unmarked is deprecated; use unobserved',
        'Old.lets_go_above is deprecated; use saturation',
    }
    assert {warning.filename for warning in warned} == {__file__}
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)
        assert Old().saturation == Hill().saturation / 2
        assert Old().unobserved(torch.tensor([[1.0, 0, -1]])).tolist() == [[False, True, False]]


def test_weights_of_a_loss_built_in_inference_mode(batch):
    with torch.inference_mode():
        loss = Hill(class_weight=[1.0, 2, 3, 4], reduction='sum')
        inside = loss(*batch)
    assert torch.equal(loss(*batch), inside)


@pytest.mark.parametrize('copied', [deepcopy, lambda loss: pickle.loads(pickle.dumps(loss))])
def test_a_copy_has_weights_of_its_own(copied, batch):
    loss = SPLC(class_weight=[1.0, 2, 3, 4], pos_weight=2.0, reduction='sum')
    before = loss(*batch, epoch=1)
    copy = copied(loss)
    loss.class_weight.zero_()
    assert torch.equal(copy(*batch, epoch=1), before)
    assert loss(*batch, epoch=1) == 0
    assert not vars(copied(loss))['_kept_factors']._key


def test_changed_weights_take_effect_at_the_next_call(batch):
    loss = Hill(class_weight=[1.0, 2, 3, 4], reduction='sum')
    first = loss(*batch)
    loss.class_weight.mul_(2)
    torch.testing.assert_close(loss(*batch), 2 * first)
    loss.class_weight = loss.class_weight / 4
    torch.testing.assert_close(loss(*batch), first / 2)
    loss.pos_weight, loss.class_weight = loss.class_weight, None
    expected = Hill(pos_weight=[0.5, 1, 1.5, 2], reduction='sum')(*batch)
    torch.testing.assert_close(loss(*batch), expected)


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
    each = built.loss_module(built((feats,)), target, reduction_override='none')
    expected = {'mean': each.sum() / 2, 'sum': each.sum(), 'none': each}[reduction]
    torch.testing.assert_close(loss, expected)
    loss.sum().backward()
    assert feats.grad.abs().sum() > 0


@pytest.mark.parametrize('augment', ['Mixup', 'CutMix'])
@pytest.mark.parametrize('cls', [Hill, SPLC])
def test_mixed_targets_of_a_real_batch_augmentation_are_interpolated(cls, augment):
    init_default_scope('mmpretrain')
    torch.manual_seed(0)
    np.random.seed(0)  # for the mixing
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
@pytest.mark.parametrize(
    'weights', [{}, {'class_weight': [1.0, 2, 0, 3], 'pos_weight': 2.5}], ids=['plain', 'weighted']
)
def test_compiled_whole_loss_and_gradient_are_the_same(cls, reduction, weights, batch):
    logits, target = batch
    target[0, 1], target[1, 0] = -1, 0.4  # unknown and soft
    loss = ready(cls, reduction=reduction, **weights)
    torch._dynamo.reset()
    compiled = torch.compile(loss, backend='aot_eager', fullgraph=True)
    leaf, expected = (logits.clone().requires_grad_() for _ in range(2))
    values = compiled(leaf, target), loss(expected, target)
    torch.testing.assert_close(*values)
    for value in values:
        value.sum().backward()
    torch.testing.assert_close(leaf.grad, expected.grad)


@pytest.mark.parametrize('cls', [Hill, SPLC])
def test_entries_can_be_differentiated_twice(cls, batch):
    logits, target = (tensor.double() for tensor in batch)
    loss = ready(cls, reduction='none')
    torch.autograd.gradgradcheck(lambda x: loss(x, target), logits.requires_grad_())


def test_the_representation_shows_hyper_parameters():
    shown = repr(LLCp(delta=0.3, loss_weight=2.0))
    assert 'delta=0.3' in shown
    assert 'loss_weight=2.0' in shown
    assert '_kept' not in shown


@pytest.mark.parametrize('cls', FAMILY)
def test_an_unknown_argument_names_the_loss(cls):
    with pytest.raises(TypeError, match=rf"^{cls.__name__} has no argument 'redction'; did you mean "
                       r"'reduction'\? It takes .*reduction, loss_weight"):  # fmt: skip
        ready(cls, redction='sum')


def test_the_nearest_argument_is_one_of_the_loss_itself():
    with pytest.raises(TypeError, match=r"^SPLC has no argument 'tou'; did you mean 'tau'\? It ta"):
        SPLC(tou=0.6)
    with pytest.raises(
        TypeError, match=r"^SPLC has no argument 'qqq'\. It takes tau, change_epoch"
    ):
        SPLC(qqq=1)
