"""Labels and image paths of the data sets of a config."""

import json

from helpers.check import coco_loader
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS

from mmpretrain_mlml.datasets.check.sources import read_sources
from mmpretrain_mlml.datasets.statistics import count_kinds


def test_the_three_kinds_of_entries_are_counted_apart():
    """Also those that the data set itself hides, as the loss will see them."""
    init_default_scope('mmpretrain')
    digits = {'type': 'mmpretrain_mlml.DigitScenes', 'size': 30, 'unknown': 0.4}
    (source,) = read_sources(Config({'train_dataloader': {'dataset': digits}})).values()
    dataset = DATASETS.build(digits)
    for count, expected in zip(source.kinds, count_kinds(dataset), strict=True):
        assert count.tolist() == expected.tolist()
    assert source.kinds.unobserved.all()


def test_all_problems_of_an_annotation_file_are_reported(coco_root, tmp_path):
    content = json.loads((coco_root / 'annotations/instances_train2014.json').read_text())
    content['annotations'][0]['category_id'] = 12
    content['annotations'][5]['image_id'] = 99
    (tmp_path / 'wrong.json').write_text(json.dumps(content))
    (tmp_path / 'half.json').write_text(json.dumps(content)[:5000])
    (tmp_path / 'a.csv').write_text('')
    for ann_file, number in {'wrong.json': 2, 'half.json': 1, 'absent.json': 1, 'a.csv': 1}.items():
        bad = coco_loader(coco_root, ann_file=str(tmp_path / ann_file), data_prefix='train2014')
        source = read_sources(Config({'train_dataloader': bad, 'val_dataloader': None}))['train']
        assert len(source.problems) == number
        assert all(str(tmp_path / ann_file) in problem.where for problem in source.problems)
        assert len(source.paths) == (7 if ann_file == 'wrong.json' else 0)


def test_indices_select_what_is_checked(coco_root):
    ann_file = 'annotations/instances_train2014.json'
    good = {'ann_file': ann_file, 'data_prefix': 'train2014'}
    everything = read_sources(Config({'val_dataloader': coco_loader(coco_root, **good)}))['val']
    some = coco_loader(coco_root, **good, indices=[3, 1])
    chosen = read_sources(Config({'train_dataloader': some}))['train']
    assert chosen.problems == []
    assert chosen.paths == [everything.paths[3], everything.paths[1]]
    assert chosen.kept == [everything.kept[3], everything.kept[1]]
    assert chosen.where(0) == everything.where(3) == f'{coco_root}/{ann_file}: image 5'


def test_other_data_sets_and_wrapped_ones_are_checked(tmp_path):
    samples = [
        {'img_path': 'a.jpg', 'gt_label': [0, 1]},
        {'img_path': 'b.jpg', 'gt_label': [2]},
        {'img_path': 'c.jpg', 'gt_label': [1, 1]},
    ]
    meta = {'classes': ['x', 'y']}
    (tmp_path / 'a.json').write_text(json.dumps({'metainfo': meta, 'data_list': samples}))
    (tmp_path / 'b.json').write_text('{')
    plain = {'type': 'MultiLabelDataset', 'data_root': str(tmp_path), 'ann_file': 'a.json'}
    inner = [plain, {**plain, 'ann_file': 'b.json'}, {**plain, 'ann_file': 'c.json'}]
    wrapped = {'type': 'ConcatDataset', 'datasets': inner}
    sources = read_sources(Config({'train_dataloader': {'dataset': wrapped}}))
    assert list(sources) == ['train 1', 'train 2', 'train 3']
    assert [p.where for p in sources['train 1'].problems] == [
        f'{tmp_path}/a.json: sample {n}' for n in (1, 2)
    ]
    assert sources['train 1'].paths == [str(tmp_path / f'{name}.jpg') for name in 'abc']
    assert sources['train 1'].names == ['a.jpg', 'b.jpg', 'c.jpg']
    assert [len(source.problems) for source in sources.values()] == [2, 1, 1]
