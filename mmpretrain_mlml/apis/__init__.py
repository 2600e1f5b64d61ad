"""A trained model at work: its predictions for images, and for a data set with its labels."""

from .data_set import predict_dataset
from .explanation import Explanation
from .exporting import export_model
from .inferencer import MultiLabelInferencer, TaggedImage
from .table_prediction import TablePrediction, predict_table

__all__ = [
    'Explanation',
    'MultiLabelInferencer',
    'TablePrediction',
    'TaggedImage',
    'export_model',
    'predict_dataset',
    'predict_table',
]
