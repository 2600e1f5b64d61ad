from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from typing import Any

from .worker import start

CHUNK = 32


def survey(
    function: Callable[[Any], Any], items: Sequence[Any], workers: int
) -> Iterator[tuple[int, Any]]:
    """Calls a function on each item, in several processes, and survives the death of one.

    Args:
        function: Importable by name.
        items: What it is called on.
        workers: Number of processes.

    Yields:
        Position of an item and the result, in any order; None where the process died of it.

    Raises:
        BrokenProcessPool: Processes cannot be started.
    """
    lost: list[int] = []
    with _pool(workers) as pool:
        tasks = {}
        for begin in range(0, len(items), CHUNK):
            part = range(begin, min(begin + CHUNK, len(items)))
            tasks[pool.submit(_each, function, [items[index] for index in part])] = part
        for task in as_completed(tasks):
            try:
                yield from zip(tasks[task], task.result())
            except BrokenProcessPool:  # and with it all that was waiting
                lost += tasks[task]
    while lost:  # one process, one item after the other: the first that is missing is the culprit
        with _pool(1) as pool:
            tasks = {pool.submit(function, items[index]): index for index in lost}
            for task, index in tasks.items():
                lost.remove(index)
                try:
                    yield index, task.result()
                except BrokenProcessPool:
                    yield index, None
                    break


@contextmanager
def _pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    pool = ProcessPoolExecutor(workers, get_context('spawn'), initializer=start)
    try:
        pool.submit(int).result()  # or every item would seem to kill its process
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _each(function: Callable[[Any], Any], items: Sequence[Any]) -> list[Any]:
    return [function(item) for item in items]
