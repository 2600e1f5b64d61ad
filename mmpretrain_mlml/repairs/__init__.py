"""Repairs of the stack: code that exists only because of today's mmengine, mmpretrain and torch.

There is one function for each reason. Its docstring names the symptom, the versions that show it, and
when the function can go. :func:`repair` applies all of them, once, when the package is imported.

A repair acts where the stack fails, or where it would run code from a file. Any other input gives what
it gives without the repair. ``MLML_REPAIRS=0`` turns all of them off.
"""

import os

SWITCH = 'MLML_REPAIRS'


def repairs_are_on() -> bool:
    """Return whether repairs are wanted: unless the environment has ``MLML_REPAIRS=0``.

    Raises:
        ValueError: If the variable is neither 0 nor 1.
    """
    value = os.environ.get(SWITCH, '') or '1'
    if value not in ('0', '1'):
        raise ValueError(f'{SWITCH}={value!r}; expected 1 (the default) or 0 (no repairs)')
    return value == '1'


def require_repairs(what: str) -> None:
    """Require that the repairs are on.

    Args:
        what: Name of what needs them, for the message.

    Raises:
        RuntimeError: If they are turned off.
    """
    if not repairs_are_on():
        raise RuntimeError(
            f'{what} needs the repairs of MMEngine and MMPretrain, which {SWITCH}=0 turns off: unset '
            'it, or use the tools of MMPretrain'
        )


def repair() -> None:
    """Apply all repairs."""
    from .find_loader import provide_find_loader
    from .multimodal import skip_broken_multimodal

    provide_find_loader()
    skip_broken_multimodal()  # before anything imports mmpretrain.models

    from .config_text import format_a_config_once, let_interrupts_through
    from .damaged_files import skip_damaged_checkpoints
    from .distributed import train_distributed_without_gpu
    from .incomplete_checkpoints import explain_missing_training_state
    from .inference import infer_several_labels
    from .installed_packages import find_packages_without_pkg_resources
    from .loading import load_as_data_only
    from .mixed_batches import score_all_samples_of_a_batch
    from .mixed_precision import allow_bf16_without_gpu
    from .own_checkpoints import remove_own_checkpoints_only
    from .resume import resume_from_files_in_work_dir, resume_inside_an_epoch
    from .sanitising import sanitise_resumed_checkpoints
    from .sharding import read_shards, resume_sharded_optimiser, shard_without_gpu
    from .standard_library import import_standard_library_in_configs
    from .strategies import (
        distribute_without_gpu,
        find_checkpoints_of_strategies,
        save_given_position,
        write_checkpoints_atomically,
    )
    from .subset_copies import copy_each_subset_anew

    load_as_data_only()
    sanitise_resumed_checkpoints()
    remove_own_checkpoints_only()
    explain_missing_training_state()
    resume_from_files_in_work_dir()
    find_checkpoints_of_strategies()
    skip_damaged_checkpoints()
    resume_inside_an_epoch()
    train_distributed_without_gpu()
    distribute_without_gpu()
    shard_without_gpu()
    read_shards()
    resume_sharded_optimiser()
    save_given_position()
    write_checkpoints_atomically()
    allow_bf16_without_gpu()
    format_a_config_once()
    let_interrupts_through()
    import_standard_library_in_configs()
    find_packages_without_pkg_resources()
    score_all_samples_of_a_batch()
    infer_several_labels()
    copy_each_subset_anew()
