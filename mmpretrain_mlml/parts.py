"""The table of parts: every class that MMPretrain's registries know, but for the losses.

To add a part, register its class in a module of its own and add one line here. The table makes it
available as ``mmpretrain_mlml.NAME`` and, for a hook, as ``mmpretrain_mlml.hooks.NAME``. The losses
are listed in :data:`mmpretrain_mlml.losses.FAMILY`, because they also work without MMPretrain.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Any

REGISTRIES = {  # registry of MMPretrain: the parts in it, name: module inside the package
    'DATASETS': {
        'COCOMissingLabel': 'datasets.coco_missing_label',
        'DigitScenes': 'datasets.digit_scenes',
        'NUSWIDE': 'datasets.nus_wide',
        'OpenImages': 'datasets.open_images',
        'PascalVOC': 'datasets.pascal_voc',
        'TagTable': 'datasets.tag_table',
    },
    'HOOKS': {
        'BatchToDeviceHook': 'hooks.recipe.batch_to_device_hook',
        'BestWeightsHook': 'hooks.recipe.best_weights_hook',
        'ChannelsLastHook': 'hooks.recipe.channels_last_hook',
        'ClassTableHook': 'hooks.monitoring.class_table_hook',
        'ErrorGalleryHook': 'hooks.monitoring.error_gallery_hook',
        'GlobalLossHook': 'hooks.monitoring.global_loss_hook',
        'InterruptionHook': 'hooks.reliability.interruption_hook',
        'LabelPriorHook': 'hooks.recipe.label_prior_hook',
        'LabelRecoveryHook': 'hooks.monitoring.label_recovery_hook',
        'LazyRuntimeInfoHook': 'hooks.monitoring.lazy_runtime_info_hook',
        'LossDataHook': 'hooks.loss_state.loss_data_hook',
        'LossEpochHook': 'hooks.loss_state.loss_epoch_hook',
        'NonFiniteHook': 'hooks.reliability.non_finite_hook',
        'RunIdentityHook': 'hooks.reliability.run_identity_hook',
        'SafeCheckpointHook': 'hooks.reliability.safe_checkpoint_hook',
        'SampleSeedHook': 'hooks.recipe.sample_seed_hook',
        'TagVisualizationHook': 'hooks.monitoring.tag_visualization_hook',
        'ThresholdsHook': 'hooks.monitoring.thresholds_hook',
        'WeightAverageHook': 'hooks.recipe.weight_average_hook',
        'WholeUpdatesHook': 'hooks.recipe.whole_updates_hook',
    },
    'LOOPS': {
        'RawAndAveragedValLoop': 'loops.raw_and_averaged',
    },
    'METRICS': {
        'MultiLabelScores': 'metrics.multi_label_scores',
    },
    'MODELS': {
        'TimmFeatures': 'backbones.timm_features',
    },
    'OPTIM_WRAPPER_CONSTRUCTORS': {
        'SummedGradientsConstructor': 'optim.summed_gradients',
    },
    'PARAM_SCHEDULERS': {
        'OneCycle': 'optim.one_cycle',
    },
    'TRANSFORMS': {
        'CachedSteps': 'transforms.cached_steps',
        'LoadWholeImage': 'transforms.load_whole_image',
        'PackPlanes': 'transforms.pack_planes',
        'RelativeCutout': 'transforms.relative_cutout',
        'SmoothResize': 'transforms.smooth_resize',
        'StepRandAugment': 'transforms.step_rand_augment',
    },
    'VISUALIZERS': {
        'TagVisualizer': 'visualization.tag_visualizer',
    },
}
PARTS = dict(sorted(item for parts in REGISTRIES.values() for item in parts.items()))
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
    """Register the losses, and let MMPretrain's registries import the parts when they are needed.

    A registry imports the modules at its ``locations`` when it is first asked for a name.
    """
    from mmpretrain import registry

    from .losses import FAMILY

    for loss in FAMILY:
        registry.MODELS.register_module(module=loss)
    for name, parts in REGISTRIES.items():
        own = [f'{__package__}.{module}' for module in parts.values()]
        asked = getattr(registry, name)
        asked._locations = [*asked._locations, *own]
        asked._imported = False  # it may have been asked before
