"""TagTable inside MMEngine and MMPretrain: samples, subsets, wrappers, and what bad input raises."""

import pickle
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS
from torch.utils.data import DataLoader

from mmpretrain_mlml import COCOMissingLabel, TagTable
from mmpretrain_mlml.datasets import SampleError
from mmpretrain_mlml.datasets.check import check
from mmpretrain_mlml.datasets.check.sources import read_sources
from mmpretrain_mlml.datasets.digest import describe_data
from mmpretrain_mlml.datasets.full_labels import FullLabels
from mmpretrain_mlml.datasets.statistics import count_labels, observed_positives
from mmpretrain_mlml.labels import LabelError
from mmpretrain_mlml.runtime.config_keys import ConfigError
from mmpretrain_mlml.runtime.part_check import check_parts
from mmpretrain_mlml.visualization import contact_sheet

TAGS = ['cat', 'dog;cat', '', 'owl']
LOAD = [
    {'type': 'mmpretrain_mlml.LoadWholeImage'},
    {'type': 'Resize', 'scale': (8, 8)},
    {'type': 'PackInputs'},
]


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


@pytest.fixture
def root(tmp_path):
    """A table of 12 images, 11 of which exist."""
    (tmp_path / 'photos/sub').mkdir(parents=True)
    names = [f'{"sub/" if number % 2 else ""}{number}.png' for number in range(12)]
    for number, name in enumerate(names[:-1]):
        cv2.imwrite(str(tmp_path / 'photos' / name), np.full((9, 9, 3), 20 * number, np.uint8))
    rows = ''.join(f'{name},{TAGS[number % 4]}\n' for number, name in enumerate(names))
    (tmp_path / 'tags.csv').write_text(f'image,tags\n{rows}')
    return tmp_path


@pytest.fixture
def build(root):
    def build_one(**options):
        return TagTable('tags.csv', str(root), 'photos', LOAD, **options)

    return build_one


def labels_of(dataset):
    return [dataset.get_data_info(index)['gt_label'] for index in range(len(dataset))]


EXPECTED = [[0], [0, 1], [], [2]] * 3


def test_samples(build, root):
    dataset = build()
    assert dataset.CLASSES == dataset.metainfo['classes'] == ('cat', 'dog', 'owl')
    assert len(dataset) == 12
    assert labels_of(dataset) == EXPECTED
    info = dataset.get_data_info(-11)
    assert info.pop('gt_score').tolist() == [1, 1, -1]
    assert info == {'img_path': f'{root}/photos/sub/1.png', 'gt_label': [0, 1], 'sample_idx': 1}
    sample = dataset[2]['data_samples']
    assert sample.gt_score.tolist() == [-1, -1, -1]
    assert sample.gt_label.tolist() == []
    for index in (12, -13):
        with pytest.raises(IndexError, match=f'no sample {index} in a data set of 12'):
            dataset.get_data_info(index)


def test_the_published_setting_has_no_third_value(build):
    dataset = build(unlisted='absent')
    assert 'gt_score' not in dataset.get_data_info(0)
    assert dataset[1]['data_samples'].gt_score.tolist() == [1, 1, 0]
    assert 'Unlisted entries: \tabsent' in repr(dataset)


@pytest.mark.parametrize(
    ('indices', 'rows'), [(5, range(5)), (-3, [9, 10, 11]), ([3, -1, 3], [3, 11, 3]), ([], [])]
)
def test_subsets(build, indices, rows):
    chosen = build(indices=indices)
    subset = build().get_subset(indices)
    in_place = build()
    in_place.get_subset_(indices)
    for dataset in (chosen, subset, in_place):
        assert labels_of(dataset) == [EXPECTED[row] for row in rows]
        assert [*dataset.complete_labels().labels] == [EXPECTED[row] for row in rows]
        assert [dataset.get_cat_ids(i) for i in range(len(dataset))] == labels_of(dataset)
        assert (
            dataset.counts().present.tolist()
            == np.bincount([label for row in rows for label in EXPECTED[row]], minlength=3).tolist()
        )
        for index, row in enumerate(rows):
            assert f'tags.csv:{row + 2})' in dataset.where(dataset.get_data_info(index))
    with pytest.raises(IndexError, match='reach beyond a data set of 12'):
        build(indices=[12])


@pytest.mark.parametrize('unlisted', ['unobserved', 'absent'])
def test_labels_are_dropped_and_hidden_as_in_other_data_sets(build, root, unlisted):
    lines = [f'{n}.png,{" ".join(map(str, labels))}\n' for n, labels in enumerate(EXPECTED)]
    (root / 'list.txt').write_text(''.join(lines))
    options = {'protocol': 'single', 'seed': 3, 'unknown': 0.3, 'classes': ('cat', 'dog', 'owl')}
    table = TagTable('list.txt', str(root), unlisted=unlisted, **options)
    other = COCOMissingLabel('list.txt', str(root), **options)
    assert labels_of(table) == labels_of(other)
    assert [*table.complete_labels().labels] == EXPECTED
    if unlisted == 'absent':
        for index in range(12):
            one, another = table.get_data_info(index), other.get_data_info(index)
            assert np.array_equal(one['gt_score'], another['gt_score'])


def test_dropped_labels_are_unobserved_and_verified_absences_stay(root):
    (root / 'three.csv').write_text('image,cat,dog\n0.png,1,0\n1.png,1,1\n2.png,,1\n')
    dataset = TagTable('three.csv', str(root), 'photos', protocol='Bernoulli(keep=0)')
    scores = [dataset.get_data_info(index)['gt_score'].tolist() for index in range(3)]
    assert scores == [[-1, 0], [-1, -1], [-1, -1]]


WRAPPERS = {
    'Repeat': {'type': 'RepeatDataset', 'times': 2},
    'Balanced': {'type': 'ClassBalancedDataset', 'oversample_thr': 0.5},
    'KFold': {'type': 'KFoldDataset', 'fold': 1, 'num_splits': 3},
}


@pytest.mark.parametrize('wrapper', WRAPPERS.values(), ids=WRAPPERS)
@pytest.mark.parametrize('lazy', [False, True])
def test_wrappers(root, wrapper, lazy):
    part = {'ann_file': 'tags.csv', 'data_root': str(root), 'data_prefix': 'photos'}
    spec = {'type': 'TagTable', **part, 'lazy_init': lazy}
    rows = {
        'RepeatDataset': [*range(12)] * 2,
        'ClassBalancedDataset': [0, 1, 1, 2, 3, 3, 4, 5, 5, 6, 7, 7, 8, 9, 9, 10, 11, 11],
        'KFoldDataset': [0, 1, 2, 3, 8, 9, 10, 11],
    }[wrapper['type']]
    dataset = DATASETS.build({**wrapper, 'dataset': spec})
    assert dataset.metainfo['classes'] == ('cat', 'dog', 'owl')
    assert [dataset.get_data_info(i)['gt_label'] for i in range(len(dataset))] == [
        EXPECTED[row] for row in rows
    ]
    both = DATASETS.build({'type': 'ConcatDataset', 'datasets': [spec, {**spec, 'indices': 2}]})
    assert len(both) == 14


def test_a_filter_of_a_subclass_is_used(root):
    class WithTags(TagTable):
        def filter_data(self):
            return [info for info in self.data_list if info['gt_label']]

    dataset = WithTags('tags.csv', str(root), 'photos', LOAD)
    assert labels_of(dataset) == [labels for labels in EXPECTED if labels]
    assert dataset[1]['data_samples'].gt_score.tolist() == [1, 1, -1]
    assert dataset.get_cat_ids(1) == [0, 1]
    assert dataset.counts().present.tolist() == [6, 3, 3]
    assert [*dataset.complete_labels().labels] == labels_of(dataset)


def test_a_missing_image_is_named_with_its_line(build):
    with pytest.raises(SampleError, match=r'sub/11\.png \(.*tags\.csv:13\): got no such file'):
        build()[11]


def test_the_check_finds_missing_files_and_bad_rows(root):
    spec = {'type': 'TagTable', 'ann_file': 'tags.csv', 'data_root': str(root)}
    cfg = Config(
        {'train_dataloader': {'dataset': {**spec, 'data_prefix': 'photos', 'pipeline': LOAD}}}
    )
    report = check(cfg, workers=1)
    (problem,) = [problem for problem in report.problems if problem.severity == 'error']
    assert problem.path == f'{root}/photos/sub/11.png'
    assert problem.where == f'{root}/tags.csv:13'
    summary = report.summaries['train']
    assert (summary.images, summary.labels, summary.images_without_labels) == (12, 12, 3)
    assert summary.images_per_class == {'cat': 6, 'dog': 3, 'owl': 3}
    (root / 'tags.csv').write_text('image,tags\n0.png,cat\n2.png\n../4.png,dog\n')
    problems = read_sources(cfg)['train'].problems
    assert [problem.where for problem in problems] == [f'{root}/tags.csv:3', f'{root}/tags.csv:4']


def test_classes_are_known_before_the_samples(root, build):
    assert build(lazy_init=True).metainfo['classes'] == ('cat', 'dog', 'owl')
    missing = TagTable('no.csv', str(root), lazy_init=True)
    assert 'classes' not in missing.metainfo
    with pytest.raises(FileNotFoundError, match=r'no\.csv: check ann_file and data_root'):
        missing.full_init()
    assert TagTable('no.csv', classes=['a'], lazy_init=True).CLASSES == ('a',)


def test_class_lists(build, root):
    (root / 'classes.txt').write_text('owl\nemu\ncat\ndog\n')
    for classes in (['owl', 'emu', 'cat', 'dog'], str(root / 'classes.txt')):
        dataset = build(classes=classes)
        assert dataset.CLASSES == ('owl', 'emu', 'cat', 'dog')
        assert labels_of(dataset)[:4] == [[2], [2, 3], [], [0]]
    assert labels_of(build(metainfo={'classes': ['owl', 'cat', 'dog']}))[3] == [0]
    with pytest.raises(LabelError, match=r"tags\.csv:2: got the class 'cat'; .*nearest: 'cats'"):
        build(classes=['cats', 'dog', 'owl'])
    with pytest.raises(LabelError, match=r"classes\[1\]: got 'cat' again"):
        build(classes=['cat', 'cat'])


def test_counts_are_those_of_the_samples(build):
    dataset = build(indices=[1, 2, 3, 4, 5, 6], unknown=0.2)
    counts = count_labels(dataset)
    targets = np.array([dataset.get_data_info(index)['gt_score'] for index in range(6)])
    assert counts.present.tolist() == (targets == 1).sum(0).tolist()
    assert counts.known.tolist() == (targets >= 0).sum(0).tolist()


def test_a_resumed_run_recognises_its_labels(build):
    described = describe_data(build())
    assert described == describe_data(build(cache=True))
    assert described == describe_data(build(indices=12))
    for other in ({'unlisted': 'absent'}, {'protocol': 'single'}, {'indices': [1, 0]}):
        assert describe_data(build(**other))['labels'] != described['labels']
    assert describe_data(build(protocol='single'))['image_names'] == described['image_names']
    assert describe_data(build(indices=11))['image_names'] != described['image_names']


def test_positives_are_those_of_the_samples(build):
    dataset = build(indices=[1, 2, 3])
    samples, classes = observed_positives(dataset)
    assert list(zip(samples.tolist(), classes.tolist())) == [(0, 0), (0, 1), (2, 2)]


def test_full_labels_of_another_table_are_found_by_name(build, root):
    (root / 'full.csv').write_text('image,tags\nsub/1.png,dog;owl\n0.png,cat;owl\n2.png,dog\n')
    config = {'type': 'TagTable', 'ann_file': 'tags.csv', 'data_root': str(root)}
    config |= {'data_prefix': 'photos', 'classes': ('cat', 'dog', 'owl')}
    changes = {'ann_file': 'full.csv', 'unlisted': 'absent'}
    labels = FullLabels(build(indices=3), config, changes)
    found = labels.of([SimpleNamespace(sample_idx=row) for row in range(3)])
    assert found.tolist() == [[True, False, True], [False, True, True], [False, True, False]]


def test_samples_are_drawn(build):
    dataset = build(protocol='single', seed=1)
    assert len(contact_sheet(dataset, [0, 1, 2], bgr=True).axes) >= 3


def test_the_config_check_knows_the_arguments(root):
    dataset = {'type': 'mmpretrain_mlml.TagTable', 'ann_file': 'tags.csv', 'separater': ';'}
    cfg = Config({'train_dataloader': {'dataset': dataset}})
    with pytest.raises(ConfigError, match=r"separater.*did you mean '?.*separator"):
        check_parts(cfg)
    del cfg.train_dataloader.dataset['separater']
    check_parts(cfg)


def test_the_log_says_what_was_read(build, capsys):
    MMLogger.get_instance('tag-table-test', log_level='INFO')
    build(unlisted='absent', protocol='single')
    text = capsys.readouterr().out
    assert "tags.csv: CSV, tags in a cell of 'tags', separated by ';'; images from 'image'" in text
    assert 'tags.csv: 3 classes found, cat, dog, owl' in text
    assert (
        'TagTable: 12 images; 9 of 12 labels kept (single, seed 0); 27 entries are absent, 0 un'
        in text
    )


@pytest.mark.parametrize('cache', [True, False])
def test_other_processes_read_the_same(build, root, cache):
    dataset = build(cache=cache, indices=list(range(11)))
    again = pickle.loads(pickle.dumps(dataset))
    assert labels_of(again) == labels_of(dataset)
    loader = DataLoader(dataset, batch_size=4, num_workers=1, collate_fn=list)
    assert [s['data_samples'].gt_label.tolist() for batch in loader for s in batch] == EXPECTED[:11]
    assert len(list(root.glob('.tags.csv.*.cache'))) == cache
