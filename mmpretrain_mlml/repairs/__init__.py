"""Repairs of the stack: code that exists only because of today's mmengine, mmpretrain and torch.

There is one function for each reason. Its docstring names the symptom, the versions that show it, and
when the function can go. :func:`repair` applies all of them, once, when the package is imported.
"""


def repair() -> None:
    """Apply all repairs."""
    from .find_loader import provide_find_loader
    from .multimodal import skip_broken_multimodal

    provide_find_loader()
    skip_broken_multimodal()  # before anything imports mmpretrain.models

    from .config_text import format_a_config_once, let_interrupts_through
    from .distributed import train_distributed_without_gpu
    from .fitting import refuse_unrelated_weights
    from .installed_packages import find_packages_without_pkg_resources
    from .loading import load_as_data_only
    from .mixed_batches import score_all_samples_of_a_batch
    from .mixed_precision import allow_bf16_without_gpu
    from .own_checkpoints import remove_own_checkpoints_only
    from .resume import (
        explain_missing_training_state,
        resume_from_files_in_work_dir,
        resume_inside_an_epoch,
    )
    from .sanitising import sanitise_loaded_checkpoints
    from .standard_library import import_standard_library_in_configs
    from .strategies import (
        resume_sharded_optimiser,
        sanitise_checkpoints_of_strategies,
        save_given_position,
        shard_without_gpu,
        write_checkpoints_atomically,
    )
    from .training_state import allow_training_state

    allow_training_state()
    load_as_data_only()
    sanitise_loaded_checkpoints()
    sanitise_checkpoints_of_strategies()
    remove_own_checkpoints_only()
    explain_missing_training_state()
    refuse_unrelated_weights()
    resume_from_files_in_work_dir()
    resume_inside_an_epoch()
    train_distributed_without_gpu()
    shard_without_gpu()
    resume_sharded_optimiser()
    save_given_position()
    write_checkpoints_atomically()
    allow_bf16_without_gpu()
    format_a_config_once()
    let_interrupts_through()
    import_standard_library_in_configs()
    find_packages_without_pkg_resources()
    score_all_samples_of_a_batch()
