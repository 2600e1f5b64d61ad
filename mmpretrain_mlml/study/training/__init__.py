"""Runs trained as processes, a few at a time."""

from .pool import RunsFailed, train, train_study

__all__ = ['RunsFailed', 'train', 'train_study']
