"""What all benchmarks share: one quantity beside that of a peer, and the machine. Not a script."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import torch

PACKAGES = (
    'mmpretrain_mlml', 'torch', 'torchvision', 'timm', 'scikit-learn', 'torchmetrics', 'mmengine',
    'mmpretrain', 'numpy', 'opencv-python', 'pillow',
)  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """How many times as fast as a peer something is.

    Attributes:
        what: What this package does.
        peer: What is measured beside it.
        speed: Median of the peer's time over the own one, in neighbouring runs.
        low: Lower quartile.
        high: Upper quartile.
    """

    what: str
    peer: str
    speed: float
    low: float
    high: float


def compare(what: str, peer: str, own: Sequence[float], others: Sequence[float]) -> dict[str, Any]:
    """Return the comparison of the times of neighbouring runs, as JSON takes it."""
    return of_ratios(what, peer, [other / time for time, other in zip(own, others, strict=True)])


def of_ratios(what: str, peer: str, speeds: Sequence[float]) -> dict[str, Any]:
    """Return the comparison of some quotients of the peer's time and the own one."""
    low, _, high = quantiles(speeds, n=4) if len(speeds) > 1 else [speeds[0]] * 3
    return asdict(Comparison(what, peer, median(speeds), low, high))


def machine() -> dict[str, Any]:
    """Return what figures depend on."""
    info = Path('/proc/cpuinfo')
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(': ')[2] for line in lines if line.startswith('model name')]
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = 'not installed'
    return {
        'processor': names[0] if names else platform.processor() or platform.machine(),
        'cores': os.cpu_count(),
        'load': os.getloadavg()[0],
        'gpu': torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        'python': platform.python_version(),
        'versions': versions,
    }
