"""The number of CPU threads of a process, and how they wait for each other.

PyTorch's threads spin while they wait. On a busy machine they spin away the time in which the last of
them would be scheduled: one iteration of a small network took 10 s with two threads, 1.1 s with one,
and 0.5 to 1 s with two that sleep instead (two cores, a load of 12). Without other jobs sleeping
costs nothing: 0.12 s with two threads of either kind, 0.2 s with one.

Therefore threads sleep, and their number follows from the cores, and the processes that share them,
alone. It does not depend on the load, because another number of threads can change sums of floats in
their last bits, and so the results of a run.

``python threads.py PROCESSES`` prints the number of threads for each process, for shell scripts.
"""

from __future__ import annotations

import os
import sys

from joblib import cpu_count

# OpenMP reads this when torch is imported: set it before, or in the environment of a new process.
SLEEPING = {'OMP_WAIT_POLICY': 'passive'}
COUNTS = ('OMP_NUM_THREADS', 'MKL_NUM_THREADS')


def threads_per_process(processes: int = 1) -> int:
    """Return the number of threads for each of several processes that share this machine.

    That is the number of cores this process may use (by affinity and cgroup quota), divided by the
    number of processes; at least one.

    Args:
        processes: Number of processes, positive.
    """
    return max(1, cpu_count() // processes)


def thread_variables(processes: int = 1) -> dict[str, str]:
    """Return the environment variables to add for each of several processes that are to be started.

    Variables that the user has set are left out.

    Args:
        processes: Number of processes that run at the same time, positive.
    """
    variables = dict(SLEEPING)
    if not _set_by_user():
        variables |= dict.fromkeys(COUNTS, str(threads_per_process(processes)))
    return {name: value for name, value in variables.items() if name not in os.environ}


def set_threads() -> str:
    """Set the number of threads of this process, unless the user has.

    The processes of a launcher share the cores of their machine (``LOCAL_WORLD_SIZE``). A task of
    Slurm uses ``SLURM_CPUS_PER_TASK`` cores at most.

    Returns:
        One line that says what was chosen, and how to change it.
    """
    import torch

    if _set_by_user():
        return describe_threads()
    processes = int(os.environ.get('LOCAL_WORLD_SIZE', 1))
    limits = [torch.get_num_threads(), threads_per_process(processes)]
    if 'SLURM_CPUS_PER_TASK' in os.environ:
        limits.append(int(os.environ['SLURM_CPUS_PER_TASK']))
    description = describe_threads(processes, min(limits))
    torch.set_num_threads(min(limits))
    os.environ.update(dict.fromkeys(COUNTS, str(min(limits))))  # MMEngine would set 1, and warn
    return description


def describe_threads(processes: int = 1, threads: int | None = None) -> str:
    """Return one line for the user about the threads of each of several processes."""
    if _set_by_user():
        return f'CPU threads: {" ".join(_set_by_user())}'
    threads = threads_per_process(processes) if threads is None else threads
    each = f'for each of {processes} processes' if processes > 1 else 'for one process'
    return (
        f'CPU threads: {threads} {each}, {cpu_count()} cores; OMP_NUM_THREADS=N sets another number'
    )


def _set_by_user() -> list[str]:
    return [f'{name}={os.environ[name]}' for name in COUNTS if os.environ.get(name)]


if __name__ == '__main__':
    number = int(sys.argv[1])
    sys.stderr.write(f'{describe_threads(number)}\n')
    sys.stdout.write(f'{threads_per_process(number)}\n')
