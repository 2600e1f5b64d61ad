"""Losses that change labels and leave the cost to another loss."""

import pytest
import torch
from helpers.losses import batch

from mmpretrain_mlml import BCE, SPLC, Hill
from mmpretrain_mlml.losses.correction import LabelCorrection


class FirstImage(LabelCorrection):
    """Takes every unobserved entry of the first image for present, of the second for unknown."""

    def relabel(self, pred, target):
        labels = target.clone()
        labels[0][target[0] == 0] = 1
        labels[1][target[1] == 0] = -1
        return labels


def test_relabel_is_all_that_a_subclass_defines():
    x, y = batch()
    labels = y.clone()
    labels[0], labels[1] = 1, torch.where(y[1] == 0, -1, y[1])
    for reduction in ('none', 'sum', 'mean'):
        loss = FirstImage(Hill(), reduction=reduction)
        expected = Hill(reduction=reduction)(x, labels)
        torch.testing.assert_close(loss(x, y), expected, rtol=1e-12, atol=0)
    recovered = FirstImage(Hill()).recovered(x, y)
    assert torch.equal(recovered[:2], y[:2] == 0)
    assert not recovered[2:].any()
    with pytest.raises(NotImplementedError, match='LabelCorrection must define relabel'):
        LabelCorrection(Hill())(x, y)


def test_the_old_name_of_the_bases_loss_warns_and_works():
    x, y = batch()
    with pytest.warns(
        DeprecationWarning, match=r'FirstImage\.on_base is deprecated; use base_loss'
    ):
        loss = FirstImage(Hill()).on_base(x, y)
    assert torch.equal(loss, Hill(reduction='none')(x, y))


def test_the_base_learns_the_epoch():
    base = SPLC(change_epoch=2)
    SPLC(base=base).set_epoch(2, 31)
    assert base.correcting


def test_a_base_must_return_a_loss_for_each_entry():
    class Reduced(torch.nn.Module):
        def forward(self, pred, target, reduction_override=None):
            return pred.sum()

    x, y = torch.randn(6, 4), torch.zeros(6, 4)
    with pytest.raises(RuntimeError, match=r'each entry, \(6, 4\).*Reduced returned \(\)'):
        SPLC(base=Reduced())(x, y, epoch=0)


def test_a_base_sees_half_logits_in_float32():
    x, y = batch()
    half = x.half()
    loss = SPLC(base=BCE())
    value = loss(half, y, epoch=1)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, loss(half.float(), y.float(), epoch=1), rtol=0, atol=0)


def test_pos_weight_belongs_to_the_base():
    with pytest.raises(ValueError, match='give it to the base of FirstImage'):
        FirstImage(BCE(), pos_weight=2.0)
