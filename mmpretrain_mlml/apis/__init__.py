"""A trained model at work: its predictions for images, and for a data set with its labels."""

from .data_set import predict_dataset
from .inferencer import MultiLabelInferencer, TaggedImage

__all__ = ['MultiLabelInferencer', 'TaggedImage', 'predict_dataset']
