"""Data sets that define the methods which load_labels replaces."""

import pytest

from mmpretrain_mlml import COCOMissingLabel, DigitScenes
from mmpretrain_mlml.datasets import MissingLabelDataset
from mmpretrain_mlml.datasets.check import check
from mmpretrain_mlml.labels import LabelError, LabelList, write_label_list
from mmpretrain_mlml.labels.deprecated import Examination

NAMES, LABELS = ['a.jpg', 'b.jpg', 'c.jpg'], [[0, 2], [1], [2]]
DEPRECATED = pytest.mark.filterwarnings('ignore:.*deprecated; use load_labels:DeprecationWarning')


def labels_of(dataset):
    return [dataset.get_data_info(index)['gt_label'] for index in range(len(dataset))]


def reading_dataset():
    class Reading(MissingLabelDataset):
        METAINFO = {'classes': tuple('xyz')}

        def read_labels(self):
            if self.data_root == 'broken':
                raise LabelError('file:1', 'x', 'y')
            return LabelList(NAMES, LABELS)

        def inputs(self, names):
            return [{'img_path': f'folder/{name}'} for name in names]

    return Reading


def test_definition_and_calls_warn():
    with pytest.warns(
        DeprecationWarning, match=r'Reading.read_labels\(\) is deprecated; use load_'
    ):
        reading_dataset()
    dataset = DigitScenes(size=5)
    with pytest.warns(DeprecationWarning, match=r'read_labels\(\) is deprecated; use load_labels'):
        assert dataset.read_labels() == dataset.load_labels().labels
    with pytest.warns(DeprecationWarning, match=r'examine_labels\(\) is deprecated; use load_lab'):
        examination = dataset.examine_labels()
    assert isinstance(examination, Examination)
    assert examination.sound() == dataset.load_labels().labels
    assert examination.where(2) == 'train/000002'


@DEPRECATED
def test_a_data_set_that_reads_labels():
    dataset = reading_dataset()(ann_file='', indices=[2, 0])
    assert labels_of(dataset) == [[2], [0, 2]]
    assert dataset.get_data_info(0)['img_path'] == 'folder/c.jpg'
    assert dataset.complete_labels() == (['c.jpg', 'a.jpg'], [[2], [0, 2]])
    assert dataset.load_labels().location_of(1) == 'b.jpg'
    assert dataset.examine_labels().sound() == dataset.read_labels() == (NAMES, LABELS)
    broken = reading_dataset()(ann_file='', data_root='broken', lazy_init=True)
    assert [str(p) for p in broken.load_labels().problems] == ['file:1: got x; expected y']
    with pytest.raises(LabelError, match='file:1'):
        broken.full_init()


@DEPRECATED
def test_a_data_set_that_examines_labels():
    class Examining(MissingLabelDataset):
        METAINFO = {'classes': tuple('xyz')}
        problems = ()

        def read_labels(self):
            return self.examine_labels().sound()

        def examine_labels(self):
            return Examination(LabelList(NAMES, LABELS), 'line {}'.format, [*self.problems])

    assert labels_of(Examining(ann_file='')) == LABELS
    assert Examining(ann_file='').load_labels().location_of(1) == 'line 1'
    Examining.problems = [LabelError('line 0', 'x', 'y'), LabelError('line 2', 'x', 'y')]
    with pytest.raises(LabelError, match='line 0'):
        Examining(ann_file='')
    assert len(Examining(ann_file='', lazy_init=True).load_labels().problems) == 2


@DEPRECATED
def test_a_subclass_of_a_shipped_data_set_calls_its_super_method(tmp_path):
    class WithoutX(COCOMissingLabel):
        METAINFO = {'classes': tuple('xyz')}

        def read_labels(self):
            names, labels = super().read_labels()
            return LabelList(names, [[c for c in present if c] for present in labels])

    class WithoutY(WithoutX):
        def read_labels(self):
            names, labels = super().read_labels()
            return LabelList(names, [[c for c in present if c != 1] for present in labels])

    class WithFirst(COCOMissingLabel):
        METAINFO = {'classes': tuple('xyz')}

        def examine_labels(self):
            found, where, problems = super().examine_labels()
            return Examination(LabelList(found.names[:1], found.labels[:1]), where, problems)

    class Unchanged(WithoutX):
        pass

    path = tmp_path / 'list.txt'
    write_label_list(path, NAMES, LABELS)
    assert labels_of(WithoutX(str(path))) == labels_of(Unchanged(str(path))) == [[2], [1], [2]]
    assert labels_of(WithoutY(str(path))) == [[2], [], [2]]
    first = WithFirst(str(path))
    assert labels_of(first) == [[0, 2]]
    assert first.read_labels() == first.complete_labels() == (['a.jpg'], [[0, 2]])


@DEPRECATED
def test_a_class_may_redefine_load_labels_over_former_methods():
    class New(reading_dataset()):
        def load_labels(self):
            parsed = super().load_labels()
            names, labels = parsed.labels
            return parsed._replace(labels=LabelList(names, labels[::-1]))

    assert labels_of(New(ann_file='')) == LABELS[::-1]
    assert New(ann_file='').read_labels().labels == LABELS[::-1]


@DEPRECATED
def test_the_check_uses_former_methods():
    from mmengine.config import Config
    from mmpretrain.registry import DATASETS

    with DATASETS.switch_scope_and_registry('mmpretrain') as registry:
        registry.register_module(module=reading_dataset(), name='FormerReading', force=True)
    spec = {'type': 'FormerReading', 'ann_file': '', 'data_root': 'broken'}
    report = check(Config({'train_dataloader': {'dataset': spec}}), workers=1)
    assert [(p.kind, p.where) for p in report.problems if p.severity == 'error'] == [
        ('label', 'file:1')
    ]
