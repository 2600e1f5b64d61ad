"""APL: which entries become soft negatives, and what they cost."""

import pytest
import torch
import torch.nn.functional as F
from helpers.losses import batch, entries, ready

from mmpretrain_mlml import APL, EM


def test_the_least_probable_become_soft_negatives():
    x, y = batch(n=40)
    y[0, 0] = -1
    loss = ready(APL, 0, shape=x.shape, alpha=0.3, beta=0.5, warmup=2, proportion=0.8)
    unobserved = y == 0
    each = [int(0.8 * count / 8) for count in unobserved.sum(0).tolist()]  # of a class, an epoch
    pseudo = torch.full_like(x, torch.nan)
    for epoch in range(6):
        if epoch >= 2:  # from the probabilities of the epoch before
            p = x.float().sigmoid()
            free = torch.where(unobserved & pseudo.isnan(), p, torch.inf)
            for column, count in enumerate(each):
                least = free[:, column].argsort()[:count]
                pseudo[least, column] = free[least, column].double()
        loss.set_epoch(epoch, 10)
        loss.set_epoch(epoch, 10)  # again, as in a run that is resumed inside an epoch
        x = x.roll(1, 1)
        soft = -pseudo * F.logsigmoid(x) - (1 - pseudo) * F.logsigmoid(-x)
        expected = torch.where(pseudo.isnan(), entries(EM(alpha=0.3), x, y), 0.5 * soft)
        torch.testing.assert_close(entries(loss, x, y), expected)
    assert (~pseudo.isnan()).sum(0).tolist() == [4 * count for count in each]
    assert min(each) >= 1


def test_the_number_of_epochs_is_required():
    with pytest.raises(ValueError, match='expected max_epochs, got None'):
        APL().set_epoch(3)
    with pytest.raises(ValueError, match='below max_epochs=10, got 30'):
        APL().set_epoch(30, 10)
