"""Data workers that keep loading while their process handles a SIGTERM."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from functools import partial

from torch.utils.data import DataLoader


def keep_workers_on_sigterm(loader: DataLoader) -> None:
    """Let the workers of a loader ignore a SIGTERM unless their own process sends it.

    torchrun, ``timeout``, systemd and Slurm send the signal to all processes of a group. A training
    process whose workers end then cannot finish the current iteration. Has no effect on systems
    without ``sigwaitinfo``, which reports the sender of a signal (macOS, Windows).

    Args:
        loader: Data loader; its first iteration must not have begun.
    """
    if hasattr(signal, 'sigwaitinfo'):
        loader.worker_init_fn = partial(_init_worker, loader.worker_init_fn)


def _init_worker(init: Callable[[int], None] | None, worker: int) -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    threading.Thread(target=_exit_on_signal_of_parent, daemon=True).start()
    if init is not None:
        init(worker)


def _exit_on_signal_of_parent() -> None:
    """Wait for a SIGTERM of the parent, by which a loader ends workers that hang, and exit."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != parent.pid:
        pass
    os._exit(0)
