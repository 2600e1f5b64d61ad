"""PackPlanes returns what PackInputs returns."""

import numpy as np
import pytest
from mmpretrain.datasets import PackInputs

from mmpretrain_mlml import PackPlanes

NOISE = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
INPUTS = {
    'colour': NOISE,
    'mirrored': NOISE[:, ::-1].copy()[::2],
    'grey': NOISE[..., :1],
    'two dimensions': NOISE[..., 0],
    'float': NOISE.astype(np.float32),
    'list': [NOISE, NOISE],
    'five channels': np.repeat(NOISE[..., :1], 5, 2),
}


@pytest.mark.parametrize('kind', INPUTS)
def test_results_are_those_of_pack_inputs(kind):
    sample = {'img': INPUTS[kind], 'gt_label': [1, 4], 'img_path': 'a.jpg', 'ori_shape': (6, 8)}
    ours, theirs = (cls()(dict(sample)) for cls in (PackPlanes, PackInputs))
    images = [x if isinstance(x, list) else [x] for x in (ours['inputs'], theirs['inputs'])]
    for one, other in zip(*images, strict=True):
        assert one.equal(other)
        assert one.dtype == other.dtype
        assert one.is_contiguous()
    samples = [dict(packed['data_samples'].all_items()) for packed in (ours, theirs)]
    assert str(samples[0]) == str(samples[1])
