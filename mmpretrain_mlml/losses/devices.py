"""What a loss keeps on the CPU, on the device of a computation."""

from __future__ import annotations

import torch
from torch import Tensor


def on_device(values: Tensor, device: torch.device, dtype: torch.dtype | None = None) -> Tensor:
    """Return values on a device; a copy from the CPU is asked for without a wait for the device.

    A copy from elsewhere is waited for: nothing else would tell when its values have arrived.

    Args:
        values: Any shape.
        device: Device of the computation.
        dtype: Its dtype; None for that of the values.
    """
    return values.to(device, dtype, non_blocking=values.is_cpu)
