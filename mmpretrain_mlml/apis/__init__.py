"""A trained model at work: predictions for images and data sets, explanations, and its export."""

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
