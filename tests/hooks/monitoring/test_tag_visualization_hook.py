"""Images are drawn in the colours that they were loaded in."""

from types import SimpleNamespace

import pytest
import torch
from mmengine.model import ImgDataPreprocessor
from mmengine.visualization import Visualizer
from mmpretrain.engine.hooks import VisualizationHook
from mmpretrain.models import ClsDataPreprocessor
from torch import nn

from mmpretrain_mlml import TagVisualizationHook

PACKED = torch.tensor([0, 100, 200], dtype=torch.uint8).view(3, 1, 1).expand(3, 2, 4)


@pytest.fixture
def drawn(monkeypatch):
    """Batches that MMPretrain's hook is asked to draw."""
    batches = []
    monkeypatch.setattr(Visualizer, 'get_current_instance', lambda: None)
    monkeypatch.setattr(
        VisualizationHook, '_draw_samples', lambda self, index, batch, *rest: batches.append(batch)
    )
    return batches


@pytest.mark.parametrize(('preprocessor', 'expected'), [
    (ClsDataPreprocessor(to_rgb=True), [200, 100, 0]),
    (ClsDataPreprocessor(), [0, 100, 200]),
    (ImgDataPreprocessor(bgr_to_rgb=True), [200, 100, 0]),
    (ImgDataPreprocessor(), [0, 100, 200]),
])  # fmt: skip
@pytest.mark.parametrize('stage', ['before_test', 'before_val'])
def test_order_of_channels_follows_the_preprocessor(stage, preprocessor, expected, drawn, tmp_path):
    model = nn.Module()
    model.data_preprocessor = preprocessor
    hook = TagVisualizationHook(enable=True, out_dir=str(tmp_path / 'new/shown'))
    getattr(hook, stage)(SimpleNamespace(model=model))
    assert (tmp_path / 'new/shown').is_dir()
    batch = {'inputs': [PACKED], 'data_samples': ['kept']}
    hook._draw_samples(0, batch, ['kept'])
    ((image,),) = (drawn_batch['inputs'] for drawn_batch in drawn)
    assert image.shape == (3, 2, 4)
    assert image[:, 0, 0].tolist() == expected
    assert drawn[0]['data_samples'] == ['kept']
    assert batch['inputs'][0] is PACKED


def test_disabled_hook_converts_nothing(drawn):
    hook = TagVisualizationHook()
    hook._draw_samples(0, {'inputs': ['untouched']}, [])
    assert drawn == [{'inputs': ['untouched']}]
