"""RLC: the correction rule."""

import torch
from helpers.losses import batch, entries, ready

from mmpretrain_mlml import RLC
from mmpretrain_mlml.losses.functional import splc_loss


def test_corrects_entries_above_tau_and_above_the_mean_of_their_class():
    x, y = batch()
    x[:, 3] = x[:, 3].abs() + 1  # a class that is predicted everywhere
    p = x.sigmoid()
    flip = (p > 0.7) & (p > p.mean(0)) & (y == 0)
    assert flip.any()
    assert ((p > 0.7) & (p <= p.mean(0)) & (y == 0)).any()
    margin = x - y
    pt = torch.where((y == 1) | flip, margin, -x).sigmoid()
    torch.testing.assert_close(
        entries(ready(RLC, 1), x, y), -((1 - pt) ** 2) * pt.log(), rtol=1e-10, atol=1e-14
    )
    assert torch.equal(entries(ready(RLC, 0), x, y), splc_loss(x, y, correct=False))
    # sums do not come from SPLC's one-pass gradient
    torch.testing.assert_close(
        ready(RLC, 1, reduction='sum')(x, y), entries(ready(RLC, 1), x, y).sum()
    )
