"""The same photographs and labels give the same batches, whatever the file that holds the labels."""

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmpretrain.registry import MODELS

from mmpretrain_mlml import config
from mmpretrain_mlml.labels import COCO_CLASSES, read_tag_table, write_label_list, write_tag_table

IMAGES = 24
SEED = 3


def batches(dataset):
    """What a model gets in an epoch: the released augmentations, shuffled, of two workers."""
    cfg = Config.fromfile(config('coco_0.4left_splc.py'))
    loader = cfg.train_dataloader
    loader.update(batch_size=8, num_workers=2, persistent_workers=False)
    pipeline = loader.dataset.pipeline
    for step in pipeline:
        if step.type == 'Resize':
            step.scale = (48, 48)
    loader.dataset = {**dataset, 'pipeline': pipeline}
    preprocessor = MODELS.build({'type': 'ClsDataPreprocessor', **cfg.model.data_preprocessor})
    found = []
    for batch in Runner.build_dataloader(loader, seed=SEED):
        batch = preprocessor(batch, training=True)
        samples = batch['data_samples']
        found.append((
            [sample.img_path for sample in samples],
            batch['inputs'],
            torch.stack([sample.gt_score for sample in samples]),
            [sample.gt_label.tolist() for sample in samples],
            [sample.sample_idx for sample in samples],
        ))  # fmt: skip
    return found


@pytest.fixture(scope='module')
def photographs(shared, tmp_path_factory):
    """Image folder, labels, and the batches of the list that was released with the paper."""
    init_default_scope('mmpretrain')
    folder = tmp_path_factory.mktemp('lists')
    prefix = str(shared / 'photos/train2014')
    source = shared / 'photos/train_0.4left.txt'
    table = read_tag_table(source, COCO_CLASSES, unlisted='absent').take(range(IMAGES))
    write_label_list(folder / 'list.txt', list(table.names), list(table.positive_lists))
    released = {'type': 'mmpretrain_mlml.COCOMissingLabel', 'ann_file': str(folder / 'list.txt')}
    return prefix, table, batches({**released, 'data_prefix': prefix})


@pytest.mark.parametrize(
    ('suffix', 'layout'),
    [
        ('.csv', 'cell'), ('.csv', 'columns'), ('.csv', 'rows'),
        ('.parquet', 'cell'), ('.parquet', 'columns'), ('.parquet', 'rows'),
        ('.tsv', 'cell'), ('.jsonl', 'cell'), ('.txt', 'ids'),
    ],
)  # fmt: skip
def test_photographs_give_identical_batches(photographs, tmp_path, suffix, layout):
    if suffix == '.parquet':
        pytest.importorskip('pyarrow')
    prefix, table, expected = photographs
    path = tmp_path / f'tags{suffix}'
    write_tag_table(path, table, None if layout == 'ids' else layout)
    found = batches({
        'type': 'mmpretrain_mlml.TagTable', 'ann_file': str(path), 'data_prefix': prefix,
        'classes': COCO_CLASSES, 'unlisted': 'absent', 'layout': layout,
    })  # fmt: skip
    assert len(found) == len(expected) == IMAGES // 8
    assert {path for batch in found for path in batch[0]} == {f'{prefix}/{n}' for n in table.names}
    for one, other in zip(found, expected, strict=True):
        assert (one[0], one[3:]) == (other[0], other[3:])
        assert torch.equal(one[1], other[1])
        assert torch.equal(one[2], other[2])
