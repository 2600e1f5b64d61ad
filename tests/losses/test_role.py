"""ROLE: the network and the labels teach each other."""

import pytest
import torch
import torch.nn.functional as F
from helpers.losses import batch, ready

from mmpretrain_mlml import EPR, ROLE


def test_labels_teach_the_network_and_the_network_the_labels():
    x, y = batch()
    loss = ready(ROLE, shape=(20, 7), expected_positives=2.5)
    rows = torch.arange(2, 11)
    loss.set_samples(rows, 20)
    loss.double()
    torch.nn.init.normal_(loss.labels, generator=torch.Generator().manual_seed(1))
    x.requires_grad_()
    loss(x, y).backward()
    v = loss.labels.detach().clone().requires_grad_()
    z = x.detach().clone().requires_grad_()
    expected = 0
    for pupil, teacher in ((z, v[rows]), (v[rows], z)):
        share = teacher.detach().sigmoid()
        expected = expected + EPR(expected_positives=2.5)(pupil, y) / 2
        expected = expected + F.binary_cross_entropy_with_logits(pupil, share, reduction='sum') / 18
    expected.backward()
    torch.testing.assert_close(loss(x, y), expected)
    torch.testing.assert_close(x.grad, z.grad)
    torch.testing.assert_close(loss.labels.grad, v.grad)
    assert not loss.labels.grad[11:].any()


def test_observed_positives_start_at_0_995():
    loss = ROLE(expected_positives=2.0, num_samples=3, num_classes=2)
    loss.set_positives(torch.tensor([0, 2]), torch.tensor([1, 0]))
    expected = torch.tensor([[0.5, 0.995], [0.5, 0.5], [0.995, 0.5]])
    torch.testing.assert_close(loss.labels.detach().sigmoid(), expected)


def test_samples_must_fit_the_labels():
    loss = ROLE(expected_positives=2.0, num_samples=10, num_classes=5)
    with pytest.raises(ValueError, match='10 rows of labels and the training set 50 samples'):
        loss.set_samples(torch.arange(4), 50)
    for samples in ([0, -1], [0, 99]):
        with pytest.raises(ValueError, match='samples from 0 to 9'):
            loss.set_samples(torch.tensor(samples), 10)
    with pytest.raises(RuntimeError, match=r'ROLE is missing the samples.*set_samples'):
        loss(torch.zeros(2, 5), torch.zeros(2, 5))
