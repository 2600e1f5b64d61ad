"""A trained model at work: its predictions for a data set."""

from .data_set import predict_dataset

__all__ = ['predict_dataset']
