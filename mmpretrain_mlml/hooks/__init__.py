from .best_weights_hook import BestWeightsHook
from .channels_last_hook import ChannelsLastHook
from .global_loss_hook import GlobalLossHook
from .interruption_hook import InterruptionHook
from .label_prior_hook import LabelPriorHook
from .label_recovery_hook import LabelRecoveryHook
from .loss_data_hook import LossDataHook
from .loss_epoch_hook import LossEpochHook
from .non_finite_hook import NonFiniteError, NonFiniteHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .sample_seed_hook import SampleSeedHook
from .tag_visualization_hook import TagVisualizationHook
from .weight_average_hook import WeightAverageHook
from .whole_updates_hook import WholeUpdatesHook

__all__ = [
    'BestWeightsHook',
    'ChannelsLastHook',
    'GlobalLossHook',
    'InterruptionHook',
    'LabelPriorHook',
    'LabelRecoveryHook',
    'LossDataHook',
    'LossEpochHook',
    'NonFiniteError',
    'NonFiniteHook',
    'SafeCheckpointHook',
    'SampleSeedHook',
    'TagVisualizationHook',
    'WeightAverageHook',
    'WholeUpdatesHook',
]
