"""The arguments of a class are found along ``**kwargs``, as far as that is unambiguous."""

import pytest
from mmengine.hooks import CheckpointHook
from torch import nn
from torch.optim import Adam

from mmpretrain_mlml.runtime.part_arguments import arguments_of


class Base:
    def __init__(self, a, *, b=1):
        self.all = a, b


class Child(Base):
    def __init__(self, c, **kwargs):
        kwargs.setdefault('b', 2)
        self.d = kwargs.pop('d', None)
        super().__init__(**kwargs)
        self.c = c


class OldChild(Base):
    def __init__(self, c, **kwargs):
        super(OldChild, self).__init__(a=c, **kwargs)  # noqa: UP008  as MMPretrain writes it


class WithoutInit(Child):
    pass


class Keeps(Base):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.kwargs = kwargs


class Changes(Base):
    def __init__(self, **kwargs):
        kwargs = {'a': 1, **kwargs}
        super().__init__(**kwargs)


class Ignores:
    def __init__(self, a=1, **kwargs):
        self.a = a


class Network(nn.Module):
    def __init__(self, width, **kwargs):
        super().__init__(**kwargs)
        self.width = width


def positional(a, b, /, c, *args):
    return a, b, c, args


@pytest.mark.parametrize(
    ('part', 'expected'),
    [
        (Base, {'a', 'b'}),
        (Child, {'a', 'b', 'c', 'd'}),
        (OldChild, {'a', 'b', 'c'}),
        (WithoutInit, {'a', 'b', 'c', 'd'}),
        (Network, {'width'}),
        (object, set()),
        (positional, {'c'}),
        (Keeps, None),
        (Changes, None),
        (Ignores, None),
        (lambda **kwargs: kwargs, None),
        (type('Made', (), {'__new__': lambda cls, x: object.__new__(cls)}), None),
    ],
)
def test_arguments(part, expected):
    assert arguments_of(part) == expected


def test_arguments_of_the_stack():
    assert {'lr', 'betas'} < arguments_of(Adam)
    assert {'interval', 'meta'} < arguments_of(CheckpointHook)  # passed on to save_checkpoint
    assert 'intervall' not in arguments_of(CheckpointHook)
