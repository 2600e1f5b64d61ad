"""The length of a pass over the data, in iterations of one process."""

from types import SimpleNamespace

import pytest
from mmengine.dataset import DefaultSampler, InfiniteSampler
from mmengine.runner import EpochBasedTrainLoop, IterBasedTrainLoop
from torch.utils.data import DataLoader, IterableDataset

from mmpretrain_mlml.runtime import epochs
from mmpretrain_mlml.runtime.epochs import iters_per_pass


class Endless(IterableDataset):
    def __iter__(self):
        yield 0


def runner(loader, loop=IterBasedTrainLoop):
    return SimpleNamespace(train_loop=object.__new__(loop), train_dataloader=loader)


def loader(sampler, size=10, batch_size=4):
    data = list(range(size))
    return DataLoader(data, batch_size=batch_size, sampler=sampler(data, shuffle=False))


def test_epoch_loop_has_no_passes():
    assert iters_per_pass(runner(loader(DefaultSampler), EpochBasedTrainLoop)) is None


@pytest.mark.parametrize('sampler', [DefaultSampler, InfiniteSampler])
def test_one_process_takes_all_batches(sampler):
    assert iters_per_pass(runner(loader(sampler))) == 3


def test_processes_share_the_batches_of_an_infinite_sampler(monkeypatch):
    monkeypatch.setattr(epochs, 'get_world_size', lambda: 2)
    assert iters_per_pass(runner(loader(InfiniteSampler))) == 2
    assert iters_per_pass(runner(loader(DefaultSampler))) == 3  # its length is already a share


@pytest.mark.parametrize('data', [Endless(), []], ids=['no length', 'no batch'])
def test_data_without_a_length_are_refused(data):
    with pytest.raises(ValueError, match='no batch or has no length'):
        iters_per_pass(runner(DataLoader(data)))
