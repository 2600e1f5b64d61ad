"""Data workers that load on when a signal reaches their process, and end when it does."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial

from torch.utils.data import DataLoader

_INTERVAL = 1.0  # seconds between two looks at the parent


def bind_workers(loader: DataLoader) -> None:
    """Let the workers of a loader end with their process, and not by a signal that others send.

    - torchrun, ``timeout``, systemd and Slurm send a SIGTERM to all processes of a group, and a
      terminal a SIGINT. A training process whose workers end then cannot finish the current iteration.
      The workers ignore a SIGINT, and a SIGTERM unless their own process sends it. (On systems without
      ``sigwaitinfo``, which reports the sender, they end at a SIGTERM: macOS, Windows.)
    - If their process is killed, they end within a second. torch's own workers notice it as well, but
      then wait, for ever, to hand over what they have loaded: nobody reads their queue any more.

    Args:
        loader: Data loader; its first iteration must not have begun.
    """
    loader.worker_init_fn = partial(_init_worker, loader.worker_init_fn)


def end_with_parent() -> None:
    """Make this process end, within a second, when the process that started it has gone."""
    threading.Thread(target=_exit_when_orphaned, args=[os.getppid()], daemon=True).start()


def _init_worker(init: Callable[[int], None] | None, worker: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, 'sigwaitinfo'):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        threading.Thread(target=_exit_on_signal_of_parent, daemon=True).start()
    end_with_parent()
    if init is not None:
        init(worker)


def _exit_on_signal_of_parent() -> None:
    """Wait for a SIGTERM of the parent, by which a loader ends workers that hang, and exit."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != parent.pid:
        pass
    os._exit(0)


def _exit_when_orphaned(started_by: int) -> None:
    """Wait until the process that forked this one has gone, or the one for which a server did."""
    parent = multiprocessing.parent_process()
    # by polling: PR_SET_PDEATHSIG follows a thread, not a process
    while os.getppid() == started_by and (parent is None or parent.is_alive()):
        time.sleep(_INTERVAL)
    os._exit(1)
