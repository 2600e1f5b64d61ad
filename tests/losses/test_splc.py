"""SPLC: the formula of the paper, its limits, its epoch, its base."""

import pytest
import torch
import torch.nn.functional as F
from helpers.losses import batch as random_batch
from helpers.losses import ready, slope
from hypothesis import given, settings
from hypothesis import strategies as st
from mmpretrain.registry import MODELS

from mmpretrain_mlml import ASL, BCE, EPR, SPLC, Hill, TwoWay
from mmpretrain_mlml.losses.functional import asl_loss, correct_labels, splc_loss


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(6, 4, generator=generator), torch.eye(6)[:, :4]


@pytest.mark.parametrize('correct', [False, True])
def test_splc_is_the_formula_of_the_paper(correct):
    logits, target = random_batch(64, 20, 4.0)
    before = target.clone()
    x = torch.where(target == 1, logits - 0.5, logits)
    p = x.sigmoid()
    y = torch.where(p > 0.65, torch.ones_like(p), target) if correct else target
    expected = torch.where(y == 1, -((1 - p) ** 2) * p.log(), -(p**2) * (1 - p).log())
    loss = splc_loss(logits, target, correct, tau=0.65, margin=0.5)
    torch.testing.assert_close(loss, expected)
    assert torch.equal(target, before)


def test_before_change_epoch_it_is_focal_margin():
    logits, target = random_batch(64, 20, 4.0)
    x = torch.where(target == 1, logits - 1, logits)
    pt = torch.where(target == 1, x, -x).sigmoid()
    torch.testing.assert_close(
        splc_loss(logits, target, correct=False), -((1 - pt) ** 2) * pt.log()
    )


def test_without_focus_and_margin_it_is_bce():
    logits, target = random_batch(64, 20, 4.0)
    loss = splc_loss(logits, target, correct=False, margin=0, gamma=0)
    expected = F.binary_cross_entropy_with_logits(logits, target, reduction='none')
    torch.testing.assert_close(loss, expected)
    torch.testing.assert_close(asl_loss(logits, target, 0, 0, 0), expected)


def test_tau_one_never_corrects():
    logits, target = torch.full((1, 4), 200.0), torch.zeros(1, 4)
    kept, corrected = (splc_loss(logits, target, correct, tau=1.0) for correct in (False, True))
    assert torch.equal(kept, corrected)


def test_correction_is_strictly_above_tau_and_without_margin():
    logits = torch.tensor([[0.0, 1e-6]], dtype=torch.float64)  # p = 0.5 and just above
    kept = splc_loss(logits, torch.zeros(1, 2), correct=False, tau=0.5)
    corrected = splc_loss(logits, torch.zeros(1, 2), correct=True, tau=0.5)
    assert corrected[0, 0] == kept[0, 0]
    as_positive = splc_loss(logits, torch.ones(1, 2), correct=False, margin=0)
    torch.testing.assert_close(corrected[0, 1], as_positive[0, 1], rtol=1e-12, atol=0)


def test_half_inputs_are_corrected_as_float32_decides():
    logits = torch.linspace(0.3, 0.5, 200).to(torch.bfloat16).unsqueeze(0)
    target = torch.zeros_like(logits)
    loss = splc_loss(logits, target, correct=True)
    assert torch.equal(loss, splc_loss(logits.float(), target.float(), correct=True))


def test_correct_labels_changes_known_confident_negatives_only():
    logits = torch.tensor([[0.0, 2.0, 2.0, 2.0, 2.0]]).half()
    target = torch.tensor([[0, 0, -1, 1, 0]])
    corrected = correct_labels(logits, target, tau=0.6)
    assert corrected.tolist() == [[0, 1, -1, 1, 1]]
    assert corrected.dtype == torch.float32
    assert correct_labels(logits, target, tau=0.95).tolist() == target.tolist()


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.floats(-104, 104, width=32),
    st.floats(0.5, 1),
    st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.5]),
    st.floats(0, 2),
)
def test_a_confident_negative_never_costs_more_than_in_focal_margin(x, tau, gamma, margin):
    x = torch.tensor([[x]], dtype=torch.float64)
    kept, corrected = (
        splc_loss(x, torch.zeros(1, 1), correct, tau, margin, gamma) for correct in (False, True)
    )
    assert corrected <= kept
    assert (corrected == kept) or x.sigmoid() > tau - 1e-15


class TestEpoch:
    def test_missing_epoch_raises_in_training_and_evaluation(self, batch):
        for loss in (SPLC().train(), SPLC().eval()):
            with pytest.raises(RuntimeError, match='LossEpochHook'):
                loss(*batch)

    @pytest.mark.parametrize(('epoch', 'correct'), [(0, False), (2, False), (3, True), (7, True)])
    def test_corrects_from_change_epoch_on(self, batch, epoch, correct):
        loss = SPLC(change_epoch=3, reduction='none')
        expected = splc_loss(*batch, correct)
        assert torch.equal(loss(*batch, epoch=epoch), expected)
        loss.set_epoch(epoch, max_epochs=9)
        assert torch.equal(loss(*batch), expected)
        assert not torch.equal(expected, splc_loss(*batch, not correct))

    def test_epoch_by_keyword_holds_for_one_call(self, batch):
        loss = SPLC(reduction='none')
        loss.set_epoch(0)
        loss(*batch, epoch=5)
        assert torch.equal(loss(*batch), loss(*batch, epoch=0))

    @pytest.mark.parametrize('epoch', [-1, 0.5, True])
    def test_refuses_values_that_are_no_epoch(self, epoch):
        with pytest.raises(ValueError, match='epoch'):
            SPLC().set_epoch(epoch)

    def test_state_is_not_in_the_checkpoint(self):
        assert not SPLC().state_dict()

    def test_torch_compile_builds_two_graphs_over_a_training(self, batch):
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


@pytest.mark.parametrize('base', [None, Hill()])
def test_a_subclass_may_choose_the_flips_or_the_labels(base, batch):
    class FirstColumn(SPLC):
        def flips(self, pred, target):
            return torch.zeros_like(target, dtype=torch.bool).index_fill_(1, torch.tensor(0), True)

    class FirstColumnByLabel(SPLC):
        def relabel(self, pred, target, epoch=None):
            return target.index_fill(1, torch.tensor(0), 1)

    logits, target = batch
    for cls in (FirstColumn, FirstColumnByLabel):
        for reduction in ('none', 'sum'):
            loss = cls(reduction=reduction, base=base)
            changed = loss(logits, target, epoch=1) - SPLC(reduction=reduction, base=base, tau=1.0)(
                logits, target, epoch=1
            )
            assert changed.any()
            if reduction == 'none':
                assert not changed[:, 1:].any()
        assert loss.recovered(logits, target, epoch=1)[1:, 0].all()


def test_nothing_is_recovered_before_change_epoch():
    x, y = torch.tensor([[0.4, 0.41, 5.0, 5.0, 5.0]]), torch.tensor([[0, 0, 1, -1, 0.3]])
    loss = SPLC(tau=0.6)
    assert not loss.recovered(x, y, epoch=0).any()
    assert loss.recovered(x, y, epoch=1).tolist() == [[False, True, False, False, False]]
    loss.set_epoch(0)
    assert not loss.recovered(x, y).any()
    nested = SPLC(tau=0.6, base=ASL())
    nested.set_epoch(1)
    assert nested.recovered(x, y).tolist() == [[False, True, False, False, False]]
    assert SPLC(unknown='negative').recovered(x, y, epoch=1)[0, 3]


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
def test_labels_are_corrected_for_any_base(base, batch):
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
        mean = loss(logits, target, avg_factor=6, epoch=epoch)
        torch.testing.assert_close(mean, expected.sum() / 6)
    assert torch.equal(target, before)
    # an unknown entry costs nothing, whatever the base makes of -1
    target[0, 0] = -1
    assert loss(logits, target, reduction_override='none', epoch=1)[0, 0] == 0


def test_on_a_focal_margin_base_without_margin_it_is_splc(batch):
    """SPLC before the change is the focal margin loss; margin 0 treats corrected labels as others."""
    logits, target = batch
    alone = SPLC(margin=0.0)
    base = SPLC(margin=0.0, change_epoch=99)
    base.set_epoch(0)
    nested = SPLC(base=base)
    for epoch in (0, 3):
        torch.testing.assert_close(
            nested(logits, target, epoch=epoch), alone(logits, target, epoch=epoch)
        )


@pytest.mark.parametrize('base', [TwoWay(), EPR(expected_positives=2.0)])
def test_an_unknown_entry_is_nothing_to_a_base_of_the_whole_batch(base):
    x, y = random_batch(values=(-1.0, 0.0, 1.0))
    loss = ready(SPLC, 0, base=base, reduction='sum')
    assert torch.equal(slope(loss, x, y), slope(base, x, y))
    assert not slope(loss, x, y)[y == -1].any()


def test_options_that_exclude_each_other_are_refused():
    with pytest.raises(ValueError, match=r'margin=0\.5 and gamma=2\.0 belong'):
        SPLC(base=BCE(), margin=0.5)
    with pytest.raises(ValueError, match='tau'):
        SPLC(base=BCE(), tau=2)
