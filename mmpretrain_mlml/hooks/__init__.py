from .loss_epoch_hook import LossEpochHook

__all__ = ['LossEpochHook']
