"""What reduced decoding changes: mAP of a linear classifier on frozen features of photographs.

    PHOTOS_ROOT=data/photos python experiments/reduced_decoding.py

2,500 training photographs with all labels and all of validation, resized to 64 x 64: photographs of
224 pixels are then decoded at half their size. The features are those of MobileNetV2 with ImageNet
weights. Pictures from the cache are compared pixel by pixel.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS, MODELS
from rich.progress import track
from torch import Tensor, nn

from mmpretrain_mlml import config
from mmpretrain_mlml.evaluation import multi_label_scores

SIZE, TRAIN, BATCH = 64, 2500, 50


def dataset(split: str, reduced: bool, cache: str | None = None) -> Any:
    """Return the photographs of a split, resized to SIZE."""
    cfg = Config.fromfile(config('photos_full_bce.py'))
    options = cfg[f'{split}_dataloader'].dataset
    options.pipeline = [dict(step) for step in cfg.test_dataloader.dataset.pipeline]
    options.pipeline[0]['reduce_to'] = SIZE if reduced else None
    options.pipeline[1]['scale'] = (SIZE, SIZE)
    return DATASETS.build(
        {**options, 'indices': TRAIN if split == 'train' else None, 'image_cache': cache}
    )


@torch.no_grad()
def features(model: Any, data: Any) -> tuple[Tensor, Tensor]:
    """Return features (N, D) and targets (N, C)."""
    vectors, targets = [], []
    for start in track(range(0, len(data), BATCH), description='features'):
        samples = [data[index] for index in range(start, min(start + BATCH, len(data)))]
        batch = model.data_preprocessor(pseudo_collate(samples))
        (vector,) = model.extract_feat(batch['inputs'])
        vectors.append(vector)
        targets += [sample.gt_score for sample in batch['data_samples']]
    return torch.cat(vectors), torch.stack(targets)


def fit(vectors: Tensor, targets: Tensor) -> nn.Linear:
    """Return a linear classifier, trained with BCE on all images at once."""
    torch.manual_seed(0)
    layer = nn.Linear(vectors.shape[1], targets.shape[1])
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.01, weight_decay=1e-3)
    for _ in range(200):
        optimizer.zero_grad()
        F.binary_cross_entropy_with_logits(layer(vectors), targets).backward()
        optimizer.step()
    return layer


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, help='file for the figures, as JSON')
    args = parser.parse_args()
    init_default_scope('mmpretrain')
    cfg = Config.fromfile(config('photos_full_bce.py'))
    model = MODELS.build(cfg.model).eval()
    model.init_weights()
    kinds = {'whole': False, 'reduced': True}
    train = {kind: features(model, dataset('train', reduced)) for kind, reduced in kinds.items()}
    val = {kind: features(model, dataset('val', reduced)) for kind, reduced in kinds.items()}
    result: dict[str, Any] = {'size': SIZE, 'train': TRAIN, 'mAP': {}}
    for trained, (vectors, targets) in train.items():
        layer = fit(vectors, targets)
        for tested, (tests, labels) in val.items():
            scores = multi_label_scores(layer(tests).sigmoid().detach().numpy(), labels.numpy())
            result['mAP'][f'trained {trained}, tested {tested}'] = scores.summary['mAP']
    one, other = dataset('val', False), dataset('val', True)
    differences = [
        np.abs(one[i]['inputs'].numpy().astype(int) - other[i]['inputs'].numpy())
        for i in range(200)
    ]
    result['pixels'] = {
        'changed pictures': float(np.mean([d.any() for d in differences])),
        'mean difference': float(np.mean([d.mean() for d in differences])),
        'largest difference': int(max(d.max() for d in differences)),
    }
    with tempfile.TemporaryDirectory() as folder:
        cached = dataset('val', False, folder)
        same = [one[i]['inputs'].equal(cached[i]['inputs']) for i in [*range(200)] * 2]
    result['equal from the cache'] = float(np.mean(same))
    print(json.dumps(result, indent=2))
    if args.out:
        args.out.write_text(json.dumps(result, indent=2) + '\n')


if __name__ == '__main__':
    main()
