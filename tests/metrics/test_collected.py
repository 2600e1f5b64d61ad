"""Images collected in batches, from one process and from several, and the memory that this takes."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.processes import run, run_ranks

from mmpretrain_mlml import MultiLabelScores
from mmpretrain_mlml.metrics import collected
from mmpretrain_mlml.metrics.collected import Images, collect, gather, join

NAMES = ['a.jpg', '\u65e5\u672c.jpg', 'c' * 300, *map(str, range(30))]


def images(n, c=4, seed=0):
    random = np.random.RandomState(seed)
    targets = random.randint(-1, 2, (n, c)).astype(np.int8)
    return Images(random.rand(n, c).astype(np.float32), targets, np.array(NAMES[:n], dtype=str))


def part_of(whole, rows):
    return Images(*(array[rows] for array in whole))


def assert_equal(one, other):
    for a, b in zip(one, other, strict=True):
        assert a.dtype.kind == b.dtype.kind
        assert a.tolist() == b.tolist()


@pytest.mark.parametrize('slab', [1, 20, 1 << 18])
def test_batches_are_joined_in_order(slab, monkeypatch):
    monkeypatch.setattr(collected, 'SLAB', slab)
    whole, slabs = images(23), []
    for start in range(0, 23, 4):
        collect(slabs, part_of(whole, slice(start, start + 4)))
    assert len(slabs) == (1 if slab > 23 * 4 else 6)
    assert_equal(join([one.images() for one in slabs]), whole)
    assert_equal(gather(whole, 20), part_of(whole, slice(20)))
    assert gather(None, 20) is None


def test_slabs_grow_with_what_was_collected(monkeypatch):
    """Each leaves small objects in the heap, and the last is held while the images are joined."""
    monkeypatch.setattr(collected, 'SLAB', 1)
    slabs = []
    for start in range(1000):
        collect(slabs, images(4, seed=start))
    rows = [len(slab.images().names) for slab in slabs]
    assert sum(rows) == 4000
    assert len(rows) < 40
    assert max(rows) <= 4000 / 4


@pytest.mark.dist
def test_processes_exchange_arrays(tmp_path):
    run_ranks(__file__, tmp_path, count=3)


@pytest.mark.skipif(not sys.platform.startswith('linux'), reason="reads Linux's peak of the memory")
def test_memory_is_at_most_twice_the_scores(tmp_path):
    """From samples to summary, in a fresh process.

    What is freed goes back to the system at once there: counted is what is held, not the holes that
    ``malloc`` keeps between the tensors of the batches.
    """
    (tmp_path / 'measure.py').write_text(
        'import sys; from metrics.test_collected import measure; measure(int(sys.argv[1]))'
    )
    tests = str(Path(__file__).parents[1])
    shown = run(
        ['python', tmp_path / 'measure.py', 4000],
        cold=False,
        PYTHONPATH=f'{tests}/..:{tests}',
        MALLOC_MMAP_THRESHOLD_='65536',
    )
    result = json.loads(shown.splitlines()[-1])
    assert result['mAP'] > 0
    assert result['peak'] <= 2 * result['scores']


def measure(n, c=2400, batch=50):
    """Print the peak of the memory that a validation takes beside what was there before it."""
    metric = MultiLabelScores()
    random = torch.Generator().manual_seed(0)
    warm = torch.rand(batch, c, generator=random)
    score_batches(metric, [warm])
    Path('/proc/self/clear_refs').write_text('5')  # the peak starts again from here
    before = peak()
    batches = (torch.rand(batch, c, generator=random) for _ in range(n // batch))
    scores = score_batches(metric, batches)
    print(
        json.dumps({'peak': peak() - before, 'scores': 4 * n * c, 'mAP': scores['multi-label/mAP']})
    )


def peak():
    status = Path('/proc/self/status').read_text()
    return 1024 * int(status.split('VmHWM:')[1].split()[0])


def score_batches(metric, batches):
    total = 0
    for batch in batches:
        samples = [
            {
                'pred_score': score,
                'gt_score': (score > 0.97).float(),
                'img_path': f'x/{total + n}.jpg',
            }
            for n, score in enumerate(batch)
        ]
        metric.process(None, samples)
        total += len(samples)
    return metric.evaluate(total)


def exchange(rank, folder):
    """Gather images that are dealt out among three processes, in blocks of two rows."""
    torch.distributed.init_process_group(
        'gloo', init_method=f'file://{folder}/rendezvous', rank=rank, world_size=3
    )
    collected.EXCHANGE = 2 * 4 * 4
    whole = images(23)
    filled = [*range(23), 0]  # as a sampler fills up
    cases = {
        'filled up': ([filled[r::3] for r in range(3)], 23),
        'not filled up': ([list(range(r, 23, 3)) for r in range(3)], 23),
        'one has none': ([[0], [1], []], 2),
    }
    for name, (rows, size) in cases.items():
        own = part_of(whole, rows[rank]) if rows[rank] else None
        result = gather(own, size)
        if rank:
            assert result is None, name
        else:
            assert_equal(result, part_of(whole, slice(size)))
    assert gather(None, 5) is None
    metric = MultiLabelScores(prefix='x')
    for row in filled[rank::3]:
        metric.process(None, [{'pred_score': torch.tensor(whole.scores[row]),
                               'gt_score': torch.tensor(whole.targets[row])}])  # fmt: skip
    scores = metric.evaluate(23)
    alone = metric.compute_metrics([whole])
    assert scores == {f'x/{name}': value for name, value in alone.items()}


if __name__ == '__main__':
    exchange(int(sys.argv[1]), sys.argv[2])
