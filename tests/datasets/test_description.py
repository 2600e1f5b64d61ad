"""Statistics of labels, and when validation labels look incomplete."""

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmpretrain_mlml.datasets import description
from mmpretrain_mlml.datasets.check.sources import read_sources
from mmpretrain_mlml.datasets.description import SetDescription, warnings_of
from mmpretrain_mlml.labels import LabelError
from mmpretrain_mlml.visualization import label_statistics
from mmpretrain_mlml.visualization.label_statistics import (
    draw_label_statistics,
    label_statistics_tables,
)


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


def described(train, val):
    digits = {'type': 'mmpretrain_mlml.DigitScenes', 'size': 60}
    sets = {'train': {**digits, **train}, 'val': {**digits, 'split': 'test', **val}}
    cfg = Config({f'{split}_dataloader': {'dataset': sets[split]} for split in sets})
    return {name: SetDescription.of(source) for name, source in read_sources(cfg).items()}


def test_numbers_are_those_of_the_labels():
    from mmpretrain_mlml import DigitScenes

    dataset = DigitScenes(size=60, protocol='0.75left', unknown=0.3)
    target = np.stack([dataset.get_data_info(index)['gt_score'] for index in range(60)])
    one = described({'protocol': '0.75left', 'unknown': 0.3}, {})['train']
    for count, value in zip(one.kinds, (1, 0, -1), strict=True):
        assert count.tolist() == (target == value).sum(0).tolist()
    present = (target == 1).astype(int)
    assert one.together.tolist() == (present.T @ present).tolist()
    assert one.per_image.tolist() == np.bincount(present.sum(1)).tolist()
    assert one.images == 60
    assert one.labels_an_image == pytest.approx(present.sum() / 60)
    assert one.dropped == sum(map(len, dataset.complete_labels().labels)) - present.sum()
    first, second, both, ratio = one.pairs(1)[0]
    assert both == np.triu(one.together, 1).max() == one.together[int(first), int(second)]
    chance = present[:, int(first)].mean() * present[:, int(second)].mean()
    assert ratio == pytest.approx(both / 60 / chance)
    assert one.as_json()['classes']['3']['present'] == present[:, 3].sum()


@pytest.mark.parametrize(
    ('train', 'val', 'warning'),
    [
        ({'protocol': '0.4left'}, {}, None),
        ({'protocol': 'full'}, {}, None),
        ({'protocol': '0.4left'}, {'protocol': '0.4left'}, 'look as incomplete'),
        ({'unknown': 0.5}, {'unknown': 0.5}, 'look as incomplete'),
    ],
)
def test_validation_labels_that_look_incomplete_are_warned_of(train, val, warning):
    sets = described(train, val)
    found = list(warnings_of(sets['train'], sets['val']))
    assert len(found) == (warning is not None)
    assert all(warning in text for text in found)


def test_validation_without_absences_is_warned_of(tmp_path):
    (tmp_path / 'tags.csv').write_text('image,tags\n0.png,cat;dog\n1.png,\n2.png,dog\n')
    part = {'type': 'mmpretrain_mlml.TagTable', 'ann_file': 'tags.csv', 'data_root': str(tmp_path)}
    for unlisted, warnings in (('unobserved', 2), ('absent', 1)):
        val = {**part, 'unlisted': unlisted, 'classes': ['cat', 'dog']}
        cfg = Config({'train_dataloader': {'dataset': part}, 'val_dataloader': {'dataset': val}})
        sets = {name: SetDescription.of(one) for name, one in read_sources(cfg).items()}
        found = list(warnings_of(sets['train'], sets['val']))
        assert len(found) == warnings
        assert 'look as incomplete' in found[-1]
    assert sets['train'].kinds.unobserved.tolist() == [2, 1]


def test_a_list_of_single_labels_looks_incomplete_though_nothing_was_dropped(tmp_path):
    (tmp_path / 'single.txt').write_text('a.png,0\nb.png,2\nc.png,1\n')
    (tmp_path / 'full.txt').write_text('d.png,0 1\ne.png,2\n')
    part = {'type': 'mmpretrain_mlml.COCOMissingLabel', 'data_root': str(tmp_path)}
    for val, warned in (('single.txt', True), ('full.txt', False)):
        loaders = {
            f'{split}_dataloader': {'dataset': {**part, 'ann_file': file}}
            for split, file in (('train', 'single.txt'), ('val', val))
        }
        loaders['val_dataloader']['dataset']['test_mode'] = True
        sets = {name: SetDescription.of(one) for name, one in read_sources(Config(loaders)).items()}
        found = list(warnings_of(sets['train'], sets['val']))
        assert [' and no image with two: these labels look' in text for text in found] == [
            True
        ] * warned


def test_pairs_of_thousands_of_classes_are_those_of_the_frequent_ones(monkeypatch):
    every = described({}, {})['train']
    monkeypatch.setattr(description, 'MOST_PAIRED', 4)
    some = described({}, {})['train']
    frequent = np.argsort(-every.kinds.present, kind='stable')[:4]
    assert some.paired.tolist() == frequent.tolist()
    assert some.together.tolist() == every.together[np.ix_(frequent, frequent)].tolist()
    assert some.as_json()['together_classes'] == [every.classes[index] for index in frequent]
    assert {frozenset(pair[:2]) for pair in some.pairs(2)} <= {
        frozenset(pair[:2]) for pair in every.pairs(45)
    }
    monkeypatch.setattr(label_statistics, 'DRAWN', 4)
    assert len(draw_label_statistics(some).axes[0].patches) == 3 * 10


def test_unobserved_entries_that_would_hide_all_others_are_not_drawn():
    axes = draw_label_statistics(described({'unknown': 0.99}, {})['train']).axes[0]
    assert len(axes.patches) == 2 * 10
    assert axes.get_title().endswith('% of all entries are unobserved and not drawn')


def test_problems_of_labels_are_raised(coco_root, tmp_path):
    (tmp_path / 'bad.txt').write_text('a.jpg,999\n')
    part = {'type': 'mmpretrain_mlml.COCOMissingLabel', 'ann_file': str(tmp_path / 'bad.txt')}
    (source,) = read_sources(Config({'train_dataloader': {'dataset': part}})).values()
    with pytest.raises(LabelError, match=r'bad\.txt:1'):
        SetDescription.of(source)


def test_figure_and_tables():
    one = described({'protocol': '0.4left'}, {})['train']
    figure = draw_label_statistics(one)
    assert len(figure.axes) == 4
    tables = label_statistics_tables([one, one], most=3)
    assert [table.row_count for table in tables] == [2, 3, 3]
