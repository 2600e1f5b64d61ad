"""Memory of the test process."""

import gc
import resource
from pathlib import Path

from torch.profiler import ProfilerActivity, profile

STEP = 1 << 30  # bytes


class MemoryLimit:
    """Collects garbage whenever the process has grown by a GiB.

    Runners and their networks hang in reference cycles. Python's collector looks for these once the
    number of objects has grown by a quarter, which tensors of any size do not bring about.
    """

    def __init__(self):
        self.limit = 2 * STEP

    def check(self):
        if resident_memory() > self.limit:
            gc.collect()
            self.limit = resident_memory() + STEP


def resident_memory() -> int:
    """Return the memory of this process in bytes; 0 where the system does not tell."""
    statm = Path('/proc/self/statm')
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.exists() else 0


def peak_allocation(step) -> int:
    """Return the peak of what torch allocates on the CPU during a call, in bytes."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        step()
    held = peak = 0
    for event in recorded.profiler.kineto_results.events():
        if event.name() == '[memory]':
            held += event.nbytes()
            peak = max(peak, held)
    return peak
