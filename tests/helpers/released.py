"""A network with the names and the layout of the code released with the paper."""

import torch
import torchvision
from torch import nn


def released_network(seed=0):
    """A network as the released trainer builds it, with statistics that are not all zero and one."""
    torch.manual_seed(seed)
    net = torchvision.models.resnet50(weights=None)
    net.fc = nn.Linear(2048, 80)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.uniform_(-0.1, 0.1)
            module.running_var.uniform_(0.8, 1.2)
            module.weight.data.uniform_(0.5, 1.0)
    return net.eval()
