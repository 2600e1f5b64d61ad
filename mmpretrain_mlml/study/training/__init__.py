"""Runs trained as processes, a few at a time."""

from .pool import RunsFailed, gpu_names, train, train_study

__all__ = ['RunsFailed', 'gpu_names', 'train', 'train_study']
