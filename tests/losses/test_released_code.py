"""Values computed by the code released with the paper, in float64."""

import torch

from mmpretrain_mlml import ASL, SPLC, Hill


def test_every_loss_equals_the_released_code(official):
    classes = {'Hill': Hill, 'SPLC': SPLC, 'AsymmetricLoss': ASL}
    for case in official['losses']:
        loss = classes[case['loss']](reduction='sum', **case['kwargs'])
        context = {} if case['epoch'] is None else {'epoch': case['epoch']}
        logits = torch.tensor(case['logits'], dtype=torch.float64, requires_grad=True)
        target = torch.tensor(case['targets'])
        value = loss(logits, target, **context)
        value.backward()
        grad = torch.tensor(case['grad'], dtype=torch.float64)
        assert abs(value.item() - case['sum']) < 1e-10, case['name']
        torch.testing.assert_close(logits.grad, grad, rtol=0, atol=1e-10)
        if 'elementwise' in case:
            each = loss(logits, target, reduction_override='none', **context)
            expected = torch.tensor(case['elementwise'], dtype=torch.float64)
            torch.testing.assert_close(each.detach(), expected, rtol=0, atol=1e-10)
