"""A map over several processes that tolerates items that crash their process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.context import BaseContext
from typing import Any

from .worker import initialise_worker

CHUNK_SIZE = 32


def process_map(
    function: Callable[[Any], Any], items: Sequence[Any], workers: int
) -> Iterator[tuple[int, Any]]:
    """Call a function on each item, in several processes.

    Args:
        function: Function that can be imported by name.
        items: Its arguments.
        workers: Number of processes.

    Yields:
        Position of an item and its result, in any order; None as the result of an item that crashed
        its process.

    Raises:
        BrokenProcessPool: If processes cannot be started.
    """
    pending: list[int] = []
    with _pool(workers) as pool:
        chunks = {}
        for begin in range(0, len(items), CHUNK_SIZE):
            chunk = range(begin, min(begin + CHUNK_SIZE, len(items)))
            chunks[pool.submit(_call_each, function, [items[index] for index in chunk])] = chunk
        for future in as_completed(chunks):
            try:
                yield from zip(chunks[future], future.result())
            except BrokenProcessPool:  # raised for all chunks that have not ended, too
                pending += chunks[future]
    while pending:  # one process, item after item: the first without a result crashed it
        with _pool(1) as pool:
            futures = {pool.submit(function, items[index]): index for index in pending}
            for future, index in futures.items():
                pending.remove(index)
                try:
                    yield index, future.result()
                except BrokenProcessPool:
                    yield index, None
                    break


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(workers, _forking_server(), initializer=initialise_worker)
    try:
        pool.submit(int).result()  # without processes, every item would seem to crash its own
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _forking_server() -> BaseContext:
    """Return the context of a server that imports PyTorch and MMPretrain once, for all workers."""
    context = get_context('forkserver')
    context.set_forkserver_preload([initialise_worker.__module__])
    return context


def _call_each(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    return [function(item) for item in items]
