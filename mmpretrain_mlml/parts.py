"""The table of parts: every class that MMPretrain's registries know, but for the losses.

To add a part, register its class in a module of its own and add one line here. The table makes it
available as ``mmpretrain_mlml.NAME`` and, for a hook, as ``mmpretrain_mlml.hooks.NAME``. The losses
are listed in :data:`mmpretrain_mlml.losses.FAMILY`, because they also work without MMPretrain.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

PARTS = {  # name: module inside the package
    'BestWeightsHook': 'hooks.recipe.best_weights_hook',
    'COCOMissingLabel': 'datasets.coco_missing_label',
    'CachedSteps': 'transforms.cached_steps',
    'ChannelsLastHook': 'hooks.recipe.channels_last_hook',
    'ClassTableHook': 'hooks.monitoring.class_table_hook',
    'DigitScenes': 'datasets.digit_scenes',
    'ErrorGalleryHook': 'hooks.monitoring.error_gallery_hook',
    'GlobalLossHook': 'hooks.monitoring.global_loss_hook',
    'InterruptionHook': 'hooks.reliability.interruption_hook',
    'LabelPriorHook': 'hooks.recipe.label_prior_hook',
    'LabelRecoveryHook': 'hooks.monitoring.label_recovery_hook',
    'LazyRuntimeInfoHook': 'hooks.monitoring.lazy_runtime_info_hook',
    'LoadWholeImage': 'transforms.load_whole_image',
    'LossDataHook': 'hooks.loss_state.loss_data_hook',
    'LossEpochHook': 'hooks.loss_state.loss_epoch_hook',
    'MultiLabelScores': 'metrics.multi_label_scores',
    'NUSWIDE': 'datasets.nus_wide',
    'NonFiniteHook': 'hooks.reliability.non_finite_hook',
    'OneCycle': 'optim.one_cycle',
    'OpenImages': 'datasets.open_images',
    'PascalVOC': 'datasets.pascal_voc',
    'PackPlanes': 'transforms.pack_planes',
    'RawAndAveragedValLoop': 'loops.raw_and_averaged',
    'RelativeCutout': 'transforms.relative_cutout',
    'RunIdentityHook': 'hooks.reliability.run_identity_hook',
    'SafeCheckpointHook': 'hooks.reliability.safe_checkpoint_hook',
    'SampleSeedHook': 'hooks.recipe.sample_seed_hook',
    'SmoothResize': 'transforms.smooth_resize',
    'StepRandAugment': 'transforms.step_rand_augment',
    'SummedGradientsConstructor': 'optim.summed_gradients',
    'TagTable': 'datasets.tag_table',
    'TagVisualizationHook': 'hooks.monitoring.tag_visualization_hook',
    'TagVisualizer': 'visualization.tag_visualizer',
    'ThresholdsHook': 'hooks.monitoring.thresholds_hook',
    'TimmFeatures': 'backbones.timm_features',
    'WeightAverageHook': 'hooks.recipe.weight_average_hook',
    'WholeUpdatesHook': 'hooks.recipe.whole_updates_hook',
}
MISSING = [name for name in ('mmengine', 'mmcv', 'mmpretrain') if find_spec(name) is None]


def load_part(name: str) -> Any:
    """Return the class of a part; importing its module registers it.

    Args:
        name: A key of :data:`PARTS`.

    Raises:
        ImportError: If MMPretrain or a package that it needs is not installed.
    """
    return load_from(PARTS[name], name)


def load_from(module: str, name: str) -> Any:
    """Return a name of a module that needs MMPretrain.

    Args:
        module: Module inside the package.
        name: Name in it.

    Raises:
        ImportError: If MMPretrain or a package that it needs is not installed.
    """
    if MISSING:
        raise ImportError(
            f'mmpretrain_mlml.{name} needs {", ".join(MISSING)}, not installed here: '
            "pip install 'mmpretrain_mlml[openmmlab]', or [onedl] for the maintained forks"
        )
    return getattr(import_module(f'{__package__}.{module}'), name)


def parts_in(room: str) -> list[str]:
    """Return the names of the parts in a subpackage.

    >>> parts_in('optim')
    ['OneCycle', 'SummedGradientsConstructor']
    """
    return [name for name, module in PARTS.items() if module.startswith(f'{room}.')]


def register_all() -> None:
    """Register all losses and parts in MMPretrain's registries."""
    from mmpretrain.registry import MODELS

    from .losses import FAMILY

    for loss in FAMILY:
        MODELS.register_module(module=loss)
    for name in PARTS:
        load_part(name)
