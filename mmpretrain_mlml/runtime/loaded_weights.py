"""Refuse a checkpoint that leaves a part of the network of a resumed run as it was initialised."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn
from torch.distributed.fsdp import FullyShardedDataParallel
from torch.utils.hooks import RemovableHandle

from .run_identity import OtherRunError

_SHOWN = 3  # names in a message
WAY_OUT = (
    'Resume with the config it was written with, or start anew from its weights: without --resume, '
    'with --cfg-options load_from=FILE'
)


def require_all_weights(model: nn.Module, state_dict: Mapping[str, Any]) -> None:
    """Check that the next load of a model's weights fills all of it.

    Shapes are compared at once, the names while the weights are loaded: a module may rename or
    convert its own entries before. Sharded models are not checked.

    Args:
        model: Model without wrappers, into which the weights are loaded next.
        state_dict: Weights in the checkpoint.

    Raises:
        OtherRunError: At once, if weights have another shape than those of the model; from the load,
            if some are missing. The message names the first ones.
    """
    if any(isinstance(module, FullyShardedDataParallel) for module in model.modules()):
        return
    _check_shapes(model, state_dict)
    missing: list[str] = []
    handles: list[RemovableHandle] = []
    for module in model.modules():
        handles.append(module.register_load_state_dict_pre_hook(_noting(missing)))

    def check(*_: Any) -> None:
        for handle in handles:
            handle.remove()
        if missing:
            raise OtherRunError(
                f'the checkpoint lacks {len(missing)} entries of the network, which would stay at '
                f'their initial values: {_first(missing)}. {WAY_OUT}'
            )

    handles.append(model.register_load_state_dict_post_hook(check))


def _check_shapes(model: nn.Module, state_dict: Mapping[str, Any]) -> None:
    saved = {name.removeprefix('module.'): value for name, value in state_dict.items()}
    other = [
        f'{name} {tuple(saved[name].shape)} in the checkpoint, {tuple(value.shape)} now'
        for name, value in model.state_dict().items()
        if name in saved and getattr(saved[name], 'shape', value.shape) != value.shape
    ]
    if other:
        raise OtherRunError(
            f'the checkpoint is of a network of another size: {_first(other, "; ")}. {WAY_OUT}'
        )


def _noting(missing: list[str]) -> Any:
    """Return a hook that notes which entries of a module are not among those to be loaded."""

    def note(module: nn.Module, state_dict: dict[str, Any], prefix: str, *_: Any) -> None:
        buffers = module._buffers.keys() - module._non_persistent_buffers_set
        own = {**module._parameters, **{name: module._buffers[name] for name in buffers}}
        missing.extend(
            prefix + name
            for name, value in own.items()
            # a count of batch norm, which files of early versions of torch lack
            if value is not None
            and name != 'num_batches_tracked'
            and prefix + name not in state_dict
        )

    return note


def _first(texts: list[str], between: str = ', ') -> str:
    more = f' and {len(texts) - _SHOWN} more' if len(texts) > _SHOWN else ''
    return between.join(texts[:_SHOWN]) + more
