"""PascalVOC, NUSWIDE and OpenImages inside MMEngine and MMPretrain."""

import numpy as np
import pytest
from helpers.public_sets import NUS, OPEN_IMAGES, TRAINABLE, VOC, class_id, write_nus
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS

from mmpretrain_mlml import NUSWIDE, OpenImages, PascalVOC
from mmpretrain_mlml.datasets import PublicDataset, SampleError
from mmpretrain_mlml.datasets.check.sources import read_sources
from mmpretrain_mlml.datasets.digest import describe_data
from mmpretrain_mlml.labels import LabelError
from mmpretrain_mlml.labels.public_sets import NUS_WIDE_CLASSES, VOC_CLASSES
from mmpretrain_mlml.runtime.part_check import check_parts

LOAD = [
    {'type': 'mmpretrain_mlml.LoadWholeImage'},
    {'type': 'Resize', 'scale': (8, 8)},
    {'type': 'PackInputs'},
]
WHERE = {'PascalVOC': 'VOCdevkit/VOC2012', 'NUSWIDE': 'nuswide', 'OpenImages': 'openimages'}


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


@pytest.fixture
def build(public_sets):
    def build_one(kind, split='train', **options):
        spec = {'type': f'mmpretrain_mlml.{kind}', 'data_root': str(public_sets / WHERE[kind])}
        return DATASETS.build({**spec, 'split': split, 'pipeline': LOAD, **options})

    return build_one


def labels_of(dataset):
    return [dataset.get_data_info(index)['gt_label'] for index in range(len(dataset))]


def test_samples_of_voc(build, public_sets):
    dataset = build('PascalVOC')
    assert isinstance(dataset, PublicDataset)
    assert dataset.metainfo['classes'] == VOC_CLASSES
    path = f'{public_sets}/VOCdevkit/VOC2012/JPEGImages/2008_000001.jpg'
    assert dataset.get_data_info(0) == {'img_path': path, 'gt_label': [7, 14], 'sample_idx': 0}
    target = dataset[0]['data_samples'].gt_score
    assert target.nonzero().flatten().tolist() == [7, 14]
    assert target.sum() == 2
    assert labels_of(dataset) == [[7, 14], [17], [18], []]
    assert labels_of(build('PascalVOC', difficult='present'))[3] == [4]
    score = build('PascalVOC', difficult='unobserved').get_data_info(3)['gt_score']
    assert (score[4], sorted(set(score.tolist()))) == (-1, [-1, 0])
    assert labels_of(build('PascalVOC', keep_unlabelled=False)) == [[7, 14], [17], [18]]
    assert 'train.txt:1' in dataset.where(dataset.get_data_info(0))


def test_samples_of_nus_wide(build):
    dataset = build('NUSWIDE')
    assert dataset.metainfo['classes'] == NUS_WIDE_CLASSES
    names = [image for image in list(NUS)[:4] if NUS[image]]
    for index, name in enumerate(names):
        info = dataset.get_data_info(index)
        assert info['img_path'].endswith(f'nuswide/Flickr/{name}')
        assert [NUS_WIDE_CLASSES[label] for label in info['gt_label']] == sorted(NUS[name])
    assert dataset[2]['inputs'].shape == (3, 8, 8)
    assert len(dataset) == 3
    assert len(build('NUSWIDE', keep_unlabelled=True)) == 4


def test_samples_of_open_images(build):
    dataset = build('OpenImages')
    assert len(dataset.metainfo['classes']) == TRAINABLE
    for index, image in enumerate(list(OPEN_IMAGES)[:4]):
        target = dataset[index]['data_samples'].gt_score.numpy()
        known = np.flatnonzero(target >= 0)
        assert {k: target[k] for k in known.tolist()} == OPEN_IMAGES[image]
    val = build('OpenImages', split='validation')
    assert val.get_data_info(0)['img_path'].endswith('validation/0001eeaf4aed83f9.jpg')
    assert val[1]['inputs'].shape == (3, 8, 8)


CHOSEN = {
    'PascalVOC': (['dog', 'person', 'train'], [[1], [], [2], []]),
    'NUSWIDE': (['sky', 'lake'], [[0], [1]]),
    'OpenImages': (['Class, 7', class_id(0), 'Class, 1'], [[1], [], [], [0]]),
}


@pytest.mark.parametrize('kind', WHERE)
def test_some_classes(build, kind):
    chosen, expected = CHOSEN[kind]
    dataset = build(kind, classes=chosen)
    assert dataset.metainfo['classes'] == tuple(chosen)
    assert labels_of(dataset) == expected
    with pytest.raises(ValueError, match="classes: 'nothing' is not one of the"):
        build(kind, classes=['nothing'])


@pytest.mark.parametrize('kind', WHERE)
def test_subsets_protocols_and_wrappers(build, kind):
    whole = labels_of(build(kind))
    assert labels_of(build(kind, indices=2)) == whole[:2]
    assert labels_of(build(kind, indices=[2, 0])) == [whole[2], whole[0]]
    single = build(kind, protocol='single', seed=1)
    assert [len(present) for present in labels_of(single)] == [min(len(row), 1) for row in whole]
    assert all(set(kept) <= set(row) for kept, row in zip(labels_of(single), whole))
    assert [*single.complete_labels().labels] == whole
    for wrapper in ('RepeatDataset', 'ClassBalancedDataset'):
        options = {'times': 2} if wrapper == 'RepeatDataset' else {'oversample_thr': 0.5}
        wrapped = DATASETS.build({'type': wrapper, 'dataset': single, **options})
        assert len(wrapped) >= len(whole)
        assert wrapped.metainfo['classes'] == single.metainfo['classes']
    described = describe_data(single)
    assert described['labels'] != describe_data(build(kind))['labels']


def test_dropped_labels_stay_as_absent_as_in_the_papers(build):
    """Unless difficult objects are unobserved, which makes all of the labels three-valued."""
    assert 'gt_score' not in build('PascalVOC', protocol='single').get_data_info(0)
    three = build('PascalVOC', protocol='single', difficult='unobserved').get_data_info(0)
    assert sorted(three['gt_score'][[7, 14]].tolist()) == [-1, 1]


def test_the_released_lists(shared):
    folder = str(shared / 'other_lists')
    voc = PascalVOC(folder, ann_file='scpnet_voc2012_train.txt', data_prefix='JPEGImages')
    assert (len(voc), sum(map(len, labels_of(voc)))) == (5717, 5717)
    val = PascalVOC(folder, ann_file='scpnet_voc2012_val.txt')
    assert (len(val), int(val.counts().present.sum())) == (5823, 8856)
    nus = NUSWIDE(folder, ann_file='nus_val_released.txt', data_prefix='images')
    assert (len(nus), int(nus.counts().present.sum())) == (50_720, 123_567)
    assert nus.get_data_info(0)['gt_label'] == [42, 60, 79]
    assert 'nus_val_released.txt:1' in nus.where(nus.get_data_info(0))
    other = list(reversed(NUS_WIDE_CLASSES))  # a list in another order of the classes
    turned = NUSWIDE(
        folder,
        ann_file='nus_val_released.txt',
        metainfo={'classes': other},
        classes=['zebra', 'sky'],
    )
    assert turned.counts().present.tolist() == [210, nus.counts().present[80 - 55]]
    with pytest.raises(LabelError, match=r"nus_train_full\.txt:118776: got class index '2\.'"):
        NUSWIDE(folder, ann_file='nus_train_full.txt')


def test_what_contradicts_is_refused(build, public_sets):
    for options in ({'split': None}, {'ann_file': 'list.txt'}):
        with pytest.raises(ValueError, match='NUSWIDE: expected split or ann_file, got'):
            build('NUSWIDE', **options)
    with pytest.raises(ValueError, match='a list does not say what is difficult'):
        PascalVOC('', ann_file='list.txt', difficult='present')
    with pytest.raises(FileNotFoundError, match=r'no list\.txt: check ann_file and data_root'):
        NUSWIDE('', ann_file='list.txt')
    said = (
        'The openimages configs look in data/openimages, or where the environment variable '
        r'OPENIMAGES_ROOT points: python tools/prepare_data\.py openimages$'
    )
    with pytest.raises(FileNotFoundError, match=said):
        OpenImages('', split='train')
    lazy = PascalVOC('nowhere', 'train', lazy_init=True)
    assert lazy.metainfo['classes'] == VOC_CLASSES


def test_the_check_and_errors_say_where_a_label_stands(tmp_path):
    root = write_nus(tmp_path)
    (root / 'Flickr' / next(iter(NUS))).unlink()
    spec = {'type': 'mmpretrain_mlml.NUSWIDE', 'data_root': str(root), 'split': 'train'}
    source = read_sources(Config({'train_dataloader': {'dataset': spec}}))['train']
    assert source.paths[0] == f'{root}/Flickr/actor/0001_2124494179.jpg'
    assert [source.where(row) for row in range(3)] == [
        f'{root}/ImageList/TrainImagelist.txt:{line}' for line in (1, 3, 4)
    ]
    assert [kind.sum() for kind in source.kinds] == [7, 3 * 81 - 7, 0]
    with pytest.raises(SampleError, match=r'TrainImagelist\.txt:1'):
        DATASETS.build({**spec, 'pipeline': LOAD})[0]
    (root / 'Groundtruth/TrainTestLabels/Labels_lake_Train.txt').write_text('2\n0\n0\n0\n')
    problems = read_sources(Config({'train_dataloader': {'dataset': spec}}))['train'].problems
    assert [problem.got for problem in problems] == ["'2'"]


def test_arguments_are_checked_before_a_run(build):
    config = Config({'train_dataloader': {'dataset': {'type': 'mmpretrain_mlml.PascalVOC'}}})
    config.train_dataloader.dataset.update(data_root='x', split='train', dificult='present')
    with pytest.raises(Exception, match=r'dificult.*difficult'):
        check_parts(config)


def test_an_image_of_voc_2007(public_sets):
    test = PascalVOC(str(public_sets / 'VOCdevkit/VOC2007'), 'test', pipeline=LOAD)
    assert labels_of(test) == [[11], [0, 19]]
    assert test[1]['inputs'].shape == (3, 8, 8)
    assert len(VOC) == 6
