from .loss_state.loss_data_hook import LossDataHook
from .loss_state.loss_epoch_hook import LossEpochHook
from .monitoring.global_loss_hook import GlobalLossHook
from .monitoring.label_recovery_hook import LabelRecoveryHook
from .monitoring.tag_visualization_hook import TagVisualizationHook
from .recipe.best_weights_hook import BestWeightsHook
from .recipe.channels_last_hook import ChannelsLastHook
from .recipe.label_prior_hook import LabelPriorHook
from .recipe.sample_seed_hook import SampleSeedHook
from .recipe.weight_average_hook import WeightAverageHook
from .recipe.whole_updates_hook import WholeUpdatesHook
from .reliability.interruption_hook import InterruptionHook
from .reliability.non_finite_hook import NonFiniteError, NonFiniteHook
from .reliability.safe_checkpoint_hook import SafeCheckpointHook

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
