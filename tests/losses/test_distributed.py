"""Two processes with a part of the batch each: losses and gradients are those of the whole batch."""

import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from helpers.processes import run_ranks
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from mmpretrain_mlml import EPR, FAMILY, PASL, ROLE
from mmpretrain_mlml.losses import distributed
from mmpretrain_mlml.losses.protocols import memory_of

IMAGES, CLASSES, FIRST = 10, 6, 7  # the processes hold 7 and 3 images


def ready(cls, rank=None):
    arguments = {'expected_positives': 2.0} if issubclass(cls, EPR) else {}
    if cls is ROLE:
        arguments.update(num_samples=IMAGES, num_classes=CLASSES)
    loss = cls(reduction='sum', **arguments)
    if hasattr(loss, 'set_epoch'):
        loss.set_epoch(20, 40)
    if cls is PASL:
        loss.set_class_prior([0.1, 0.9, 0.1, 0.1, 0.1, 0.1])
    if hasattr(loss, 'set_samples'):
        samples = torch.arange(IMAGES)
        loss.set_samples(samples if rank is None else part_of(rank, samples), IMAGES)
    return loss


def batch():
    generator = torch.Generator().manual_seed(3)
    x = 2 * torch.randn(IMAGES, CLASSES, generator=generator, dtype=torch.float64)
    return x, torch.randint(-1, 2, (IMAGES, CLASSES), generator=generator).double()


def part_of(rank, tensor):
    return tensor[:FIRST] if rank == 0 else tensor[FIRST:]


def gradients(x, y, rank=None):
    """Value, gradient and memory of samples of each loss, by name."""
    results = {}
    for cls in FAMILY:
        leaf = x.clone().requires_grad_()
        loss = ready(cls, rank)
        value = loss(leaf, y)
        value.backward()
        memory = memory_of(loss)
        state = {} if memory is None else memory.state()
        results[cls.__name__] = value.detach(), leaf.grad, state
    return results


def unknown_on_one(rank):
    """Gradients of a network under DDP where one process holds nothing but unknowns, by loss."""
    results = {}
    for cls in FAMILY:
        torch.manual_seed(0)
        model = DistributedDataParallel(nn.Linear(4, CLASSES).double())
        _, y = batch()
        if rank == 1:
            y = torch.full_like(y, -1)
        images = torch.ones(IMAGES, 4, dtype=torch.float64) * (rank + 1)
        ready(cls)(model(images), y).backward()
        results[cls.__name__] = model.module.weight.grad
    return results


def work(rank, folder):
    meeting = f'file://{folder}/store'
    dist.init_process_group('gloo', init_method=meeting, rank=rank, world_size=2)
    values = torch.tensor([3.0, 9.0, 1.0] if rank == 0 else [7.0, 5.0])
    kth = [distributed.kth_largest(values, k).item() for k in (1, 2, 4, 5, 9)]
    gap = distributed.kth_largest(values[: 0 if rank else 3], 2).item()  # nothing on one of them
    torch.save(
        {
            'kth': kth,
            'gap': gap,
            'largest': distributed.largest(values[:2]),
            'losses': gradients(*(part_of(rank, tensor) for tensor in batch()), rank),
            'unknown': unknown_on_one(rank),
        },
        folder / f'out{rank}',
    )
    dist.barrier()
    dist.destroy_process_group()


@pytest.fixture(scope='module')
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp('processes')
    run_ranks(__file__, folder)
    return [torch.load(folder / f'out{rank}', weights_only=True) for rank in (0, 1)]


@pytest.mark.dist
def test_the_kth_largest_is_that_of_all_processes(results):
    for one in results:
        assert one['kth'] == [9, 7, 3, 1, 1]  # the smallest where there are fewer than k
        assert one['gap'] == 3
        assert one['largest'].tolist() == [7, 9]


@pytest.mark.dist
@pytest.mark.parametrize('name', [cls.__name__ for cls in FAMILY])
def test_two_processes_make_the_gradient_of_the_whole_batch(name, results):
    value, gradient, memory = gradients(*batch())[name]
    values, parts, memories = zip(*(one['losses'][name] for one in results))
    torch.testing.assert_close(torch.cat(parts), gradient, rtol=1e-12, atol=1e-15)
    torch.testing.assert_close(sum(values), value, rtol=1e-12, atol=1e-15)
    for other in memories:  # equal everywhere
        torch.testing.assert_close(other, memory, rtol=0, atol=0)


@pytest.mark.dist
@pytest.mark.parametrize('name', [cls.__name__ for cls in FAMILY])
def test_a_process_with_nothing_but_unknowns_trains_along(name, results):
    first, second = (one['unknown'][name] for one in results)
    assert torch.equal(first, second)
    assert first.isfinite().all()
    assert first.any()


if __name__ == '__main__':
    work(int(sys.argv[1]), Path(sys.argv[2]))
