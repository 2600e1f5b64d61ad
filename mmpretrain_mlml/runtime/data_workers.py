from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from functools import partial

from torch.utils.data import DataLoader


def outlive_signals(loader: DataLoader) -> None:
    """Lets the workers of a loader go on after a SIGTERM that is not from their own process.

    torchrun, ``timeout``, systemd and Slurm send it to all processes of a group. A process whose
    workers die of it cannot finish the iteration at hand. Call it before the first pass.
    """
    if hasattr(signal, 'sigwaitinfo'):  # says who sent a signal; macOS and Windows do not
        loader.worker_init_fn = partial(_start, loader.worker_init_fn)


def _start(init: Callable[[int], None] | None, worker: int) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if init is not None:
        init(worker)


def _end_with_parent() -> None:
    """A loader ends workers that hang by this signal, too."""
    parent = multiprocessing.parent_process().pid
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != parent:
        pass
    os._exit(0)
