"""Everything that exists only because of today's mmengine, mmpretrain and torch.

One function a reason; its docstring names the symptom, the versions that show it, and when it can
go. :func:`repair` applies all of them, once, when the package is imported.
"""


def repair() -> None:
    from .multimodal import skip_broken_multimodal

    skip_broken_multimodal()  # before anything imports mmpretrain.models

    from .checkpoints import (
        load_as_data_only,
        never_obey_checkpoint,
        resume_from_training_state_only,
    )
    from .config_text import format_a_config_once
    from .distributed import train_distributed_without_gpu
    from .mixed_precision import allow_bf16_without_gpu
    from .resume import resume_from_what_is_there, resume_inside_an_epoch
    from .strategies import (
        never_obey_checkpoint_of_strategy,
        resume_sharded_optimiser,
        save_position_as_told,
        shard_without_gpu,
        write_whole_files,
    )
    from .training_state import allow_training_state
    from .weights import refuse_weights_that_fit_nowhere

    allow_training_state()
    load_as_data_only()
    never_obey_checkpoint()
    never_obey_checkpoint_of_strategy()
    resume_from_training_state_only()
    refuse_weights_that_fit_nowhere()
    resume_from_what_is_there()
    resume_inside_an_epoch()
    train_distributed_without_gpu()
    shard_without_gpu()
    resume_sharded_optimiser()
    save_position_as_told()
    write_whole_files()
    allow_bf16_without_gpu()
    format_a_config_once()
