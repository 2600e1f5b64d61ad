"""FSDP: training without a GPU, and resuming."""

from __future__ import annotations

import functools
from typing import Any

import torch
from mmengine._strategy import FSDPStrategy
from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel

from .distributed import cpu_only
from .training_state import STORED_ATTRIBUTES


def shard_without_gpu() -> None:
    """Let ``FSDPStrategy`` train on CPUs.

    Symptom: FSDP is given GPU numbers. Once it runs, checkpoints hold Adam's second moments in place
    of the first: torch collects both in one buffer and relies on ``.cpu()`` to copy them out, but on a
    CPU that makes no copy.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12; torch 2.15 for the moments.
    Goes when: mmengine's strategies support the CPU, and torch copies.
    """
    wrap = FSDPStrategy._wrap_model

    @functools.wraps(wrap)
    def wrap_on_cpu(self: FSDPStrategy, model: nn.Module) -> nn.Module:
        if cpu_only():
            wrapper = self.model_wrapper or {'type': 'MMFullyShardedDataParallel'}
            self.model_wrapper = {**wrapper, 'device_id': torch.device('cpu')}
            self.optim_state_dict_config.offload_to_cpu = False
        return wrap(self, model)

    FSDPStrategy._wrap_model = wrap_on_cpu


def read_shards() -> None:
    """Let ``FSDPStrategy`` read the checkpoints that it writes by default.

    Symptom: with ``state_dict_cfg='local'``, its default, each process saves its share of the weights
    as sharded tensors, which ``weights_only`` refuses: "Unsupported global".
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12 with torch >= 2.6.
    Goes when: torch allows sharded tensors under ``weights_only``.
    """
    load = FSDPStrategy.load_checkpoint

    @functools.wraps(load)
    def load_shards(self: FSDPStrategy, *args: Any, **kwargs: Any) -> dict:
        with torch.serialization.safe_globals(_parts_of_shards()):
            return load(self, *args, **kwargs)

    FSDPStrategy.load_checkpoint = load_shards


def _parts_of_shards() -> list[Any]:
    """Return what a sharded tensor consists of: classes of torch for data."""
    from torch.distributed._shard import metadata, sharded_tensor, sharding_spec
    from torch.distributed.remote_device import _remote_device

    state = sharded_tensor.ShardedTensor.ProcessGroupState  # stored as an attribute of the class
    STORED_ATTRIBUTES.setdefault(
        sharded_tensor.ShardedTensor, (sharded_tensor.ShardedTensor, (state.__name__,))
    )
    return [
        sharded_tensor.ShardedTensor, sharded_tensor.ShardedTensorMetadata, sharded_tensor.Shard,
        sharded_tensor.TensorProperties, sharded_tensor.metadata.MEM_FORMAT_ENCODING, state,
        metadata.ShardMetadata, sharding_spec.ChunkShardingSpec, sharding_spec.EnumerableShardingSpec,
        _remote_device,
    ]  # fmt: skip


def resume_sharded_optimiser() -> None:
    """Let ``FSDPStrategy`` resume.

    Symptom: ``TypeError: unhashable type: 'dict'``, because mmengine passes the arguments of FSDP's
    ``optim_state_dict_to_load`` in the order of torch 2.0.
    Versions: mmengine 0.10.7, onedl-mmengine 0.10.12 with torch >= 2.1.
    Goes when: mmengine names the arguments.
    """

    def load_optim_state_dict(self: FSDPStrategy, state_dict: dict) -> None:
        loaded = FullyShardedDataParallel.optim_state_dict_to_load(
            model=self.model, optim=self.optim_wrapper.optimizer, optim_state_dict=state_dict
        )
        self.optim_wrapper.load_state_dict(loaded)

    FSDPStrategy.load_optim_state_dict = load_optim_state_dict
