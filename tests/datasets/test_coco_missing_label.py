"""COCO with missing labels."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS
from torch.utils.data import DataLoader

from mmpretrain_mlml import COCOMissingLabel
from mmpretrain_mlml.datasets import SampleError
from mmpretrain_mlml.labels import COCO_CLASSES, LabelError, drop_labels, read_instances

LOAD = [
    {'type': 'mmpretrain_mlml.LoadWholeImage'},
    {'type': 'Resize', 'scale': (32, 32)},
    {'type': 'PackInputs'},
]


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


def labels_of(dataset):
    return [dataset.get_data_info(index)['gt_label'] for index in range(len(dataset))]


def train(coco_root, **kwargs):
    return COCOMissingLabel(
        'annotations/instances_train2014.json', str(coco_root), 'train2014', LOAD, **kwargs
    )


@pytest.mark.parametrize('protocol', ['full', '0.75left', '0.4left', 'single'])
def test_json_with_protocol_and_seed(coco_root, protocol):
    dataset = train(coco_root, protocol=protocol, seed=5)
    expected = read_instances(coco_root / 'annotations/instances_train2014.json')
    assert labels_of(dataset) == drop_labels(*expected, protocol, 5)
    assert len(dataset) == 7
    assert dataset.metainfo['classes'] == COCO_CLASSES
    sample = dataset[2]
    assert sample['inputs'].shape == (3, 32, 32)
    assert sample['data_samples'].gt_label.tolist() == labels_of(dataset)[2]


def test_sizes_come_from_the_annotations_themselves(coco_root):
    full = train(coco_root).complete_labels()
    kept = labels_of(train(coco_root, protocol={'type': 'SizeBiased', 'rule': 'single'}))
    assert [len(labels) for labels in kept] == [1] * 7
    by_list = COCOMissingLabel(
        'train_full.txt', str(coco_root), 'train2014',
        protocol={'type': 'SizeBiased', 'rule': 'single',
                  'annotations': 'annotations/instances_train2014.json'},
    )  # fmt: skip
    assert labels_of(by_list) == kept
    assert all(set(part) <= set(whole) for part, whole in zip(kept, full.labels))


@pytest.mark.parametrize(
    ('name', 'count'),
    [('full', 241_035), ('0.75left', 181_422), ('0.4left', 96_251), ('singlelabel', 82_081)],
)
def test_released_lists(shared, name, count):
    dataset = DATASETS.build(
        {
            'type': 'mmpretrain_mlml.COCOMissingLabel',
            'ann_file': f'coco_labels/coco_train_{name}.txt',
            'data_root': str(shared),
            'data_prefix': 'photos/train2014',
            'pipeline': LOAD,
        }
    )
    assert len(dataset) == 82_081
    assert sum(map(len, labels_of(dataset))) == count


def test_the_validation_list_has_the_annotated_images_of_val2014(shared):
    assert len(COCOMissingLabel(str(shared / 'coco_labels/coco_val_full.txt'))) == 40_137


def test_a_protocol_drops_labels_of_a_list(shared):
    path = str(shared / 'coco_labels/coco_train_full.txt')
    assert sum(map(len, labels_of(COCOMissingLabel(path, protocol='0.4left')))) == 96_251


def test_the_log_counts_labels_and_warns_of_dropping_twice(photos, capsys):
    root, _ = photos
    MMLogger.get_instance('dataset-test', log_level='INFO')
    COCOMissingLabel('list.txt', str(root))
    assert (
        'COCOMissingLabel: 8 images, 8 of 8 labels kept (full, seed 0)' in capsys.readouterr().out
    )
    COCOMissingLabel('list.txt', str(root), protocol='single')
    assert "protocol 'single' drops labels from it again" in capsys.readouterr().out


def test_real_photographs_load(shared):
    dataset = COCOMissingLabel(
        str(shared / 'photos/train_0.4left.txt'), '', str(shared / 'photos/train2014'), LOAD
    )
    loader = DataLoader(dataset, batch_size=50, num_workers=2, collate_fn=list)
    for sample, _ in zip((s for batch in loader for s in batch), range(200)):
        assert sample['inputs'].shape == (3, 32, 32)


@pytest.fixture
def photos(tmp_path, coco_root):
    names = sorted(path.name for path in (coco_root / 'train2014').iterdir())
    (tmp_path / 'images').mkdir()
    for name in names:
        (tmp_path / 'images' / name).write_bytes((coco_root / 'train2014' / name).read_bytes())
    (tmp_path / 'list.txt').write_text(''.join(f'{name},{k}\n' for k, name in enumerate(names)))
    return tmp_path, names


def damage_by_html(path):
    path.write_text('<html>404</html>')


@pytest.mark.parametrize(
    'damage',
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b''),
        damage_by_html,
        lambda path: path.write_bytes(path.read_bytes()[:-700]),
        lambda path: path.write_bytes(path.read_bytes()[:-700] + bytes(700)),
    ],
    ids=['missing', 'empty', 'html', 'truncated', 'ends in zeros'],
)
@pytest.mark.parametrize('test_mode', [False, True])
def test_a_bad_image_raises_an_error_with_its_name_and_line(photos, damage, test_mode):
    root, names = photos
    dataset = COCOMissingLabel('list.txt', str(root), 'images', LOAD, test_mode=test_mode)
    damage(root / 'images' / names[4])
    with pytest.raises(SampleError, match=rf'{names[4]} \(.*list\.txt:5\)'):
        dataset[4]
    with pytest.raises(Exception, match=names[4]):  # out of a worker, too
        list(DataLoader(dataset, num_workers=1, collate_fn=list))
    assert dataset[3]['data_samples'].img_path.endswith(names[3])


def test_a_transform_that_returns_none_raises_an_error(photos):
    root, names = photos
    lenient = [{'type': 'LoadImageFromFile', 'ignore_empty': True}, *LOAD[1:]]
    dataset = COCOMissingLabel('list.txt', str(root), 'images', lenient)
    (root / 'images' / names[0]).unlink()
    with pytest.raises(SampleError, match='returned None'):
        dataset[0]


def test_an_image_without_labels_is_all_negative(tmp_path, photos):
    root, names = photos
    (root / 'list.txt').write_text(f'{names[0]},\n')
    sample = COCOMissingLabel('list.txt', str(root), 'images', LOAD)[0]['data_samples']
    assert sample.gt_label.tolist() == []


def test_a_list_without_any_label_says_nothing_of_its_images_in_a_test(photos):
    root, names = photos
    (root / 'list.txt').write_text(f'{names[0]},\n{names[1]},\n')
    for test_mode, value in ((True, -1), (False, 0)):
        dataset = COCOMissingLabel('list.txt', str(root), 'images', LOAD, test_mode=test_mode)
        assert dataset[0]['data_samples'].gt_score.unique().tolist() == [value]
    (root / 'list.txt').write_text(f'{names[0]},\n{names[1]},3\n')
    dataset = COCOMissingLabel('list.txt', str(root), 'images', LOAD, test_mode=True)
    assert dataset[0]['data_samples'].gt_score.unique().tolist() == [0]


def test_a_missing_file_of_a_shipped_config_names_its_variable(tmp_path, monkeypatch):
    monkeypatch.setenv('COCO_ROOT', str(tmp_path / 'nowhere'))
    monkeypatch.delenv('PHOTOS_ROOT', raising=False)
    said = r'nowhere/a\.json\. The coco .*COCO_ROOT points: python tools/prepare_data\.py coco$'
    with pytest.raises(FileNotFoundError, match=said):
        COCOMissingLabel('a.json', str(tmp_path / 'nowhere'))
    with pytest.raises(
        FileNotFoundError, match=r'a\.txt\. The photos configs .*PHOTOS_ROOT points$'
    ):
        COCOMissingLabel('a.txt', 'data/photos')


def test_missing_and_unknown_annotation_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    expected = rf'^no mine/a\.json in {tmp_path}: check ann_file and data_root of the data set$'
    with pytest.raises(FileNotFoundError, match=expected):
        COCOMissingLabel('a.json', 'mine')
    with pytest.raises(FileNotFoundError, match=r'nowhere/a\.json: check ann_file and data_root'):
        COCOMissingLabel('a.json', str(tmp_path / 'nowhere'))
    (tmp_path / 'a.csv').write_text('x')
    with pytest.raises(LabelError, match=r'a\.csv: .*\.json or list \.txt'):
        COCOMissingLabel('a.csv', str(tmp_path))
    with pytest.raises(ValueError, match="'half'; expected one of"):
        COCOMissingLabel('a.csv', str(tmp_path), protocol='half')


def test_metainfo_sets_other_classes(photos):
    root, names = photos
    (root / 'list.txt').write_text(f'{names[0]},1\n')
    dataset = COCOMissingLabel('list.txt', str(root), metainfo={'classes': ('a', 'b')})
    assert dataset.CLASSES == ('a', 'b')
    (root / 'list.txt').write_text(f'{names[0]},2\n')
    with pytest.raises(LabelError, match='from 0 to 1'):
        COCOMissingLabel('list.txt', str(root), metainfo={'classes': ('a', 'b')})


def test_images_without_labels_are_left_out_and_counted_in_the_log(coco_root, capsys):
    path = 'annotations/instances_train2014.json'
    MMLogger.get_instance('left-out-test', log_level='INFO')
    assert len(COCOMissingLabel(path, str(coco_root))) == 7
    assert '1 images without labels are left out (keep_unlabelled=True' in capsys.readouterr().out
    dataset = COCOMissingLabel(path, str(coco_root), keep_unlabelled=True)
    assert len(dataset) == len(dataset.complete_labels().names) == 8
    assert 'left out' not in capsys.readouterr().out


def test_classes_may_be_some_of_the_file(coco_root):
    path = 'annotations/instances_train2014.json'
    full = COCOMissingLabel(path, str(coco_root), 'train2014', keep_unlabelled=True)
    some = COCOMissingLabel(
        path, str(coco_root), 'train2014', keep_unlabelled=True, classes=('car', 'person')
    )
    assert some.metainfo['classes'] == ('car', 'person')
    for one, other in zip(full, some, strict=True):
        names = {COCO_CLASSES[index] for index in one['gt_label']}
        assert {('car', 'person')[index] for index in other['gt_label']} == names & {
            'car',
            'person',
        }


CHOSEN = 'car', 'person'  # 2 and 0 among COCO's


def test_classes_may_be_some_of_a_lists(photos, capsys):
    root, names = photos
    (root / 'list.txt').write_text(f'{names[0]},0 2 79\n{names[1]},1\n{names[2]},2\n')
    MMLogger.get_instance('subset-test', log_level='INFO')
    some = COCOMissingLabel('list.txt', str(root), classes=CHOSEN)
    assert some.metainfo['classes'] == CHOSEN
    assert [row['gt_label'] for row in some] == [[0, 1], [0]]
    text = capsys.readouterr().out
    assert "ids are read as positions in COCO's classes" in text
    assert '1 images without labels are left out' in text
    assert 'list.txt:3' in some.where(some.get_data_info(1))
    every = COCOMissingLabel('list.txt', str(root), classes=CHOSEN, keep_unlabelled=True)
    assert [every.get_data_info(index)['gt_label'] for index in range(3)] == [[0, 1], [], [0]]


def test_metainfo_says_what_the_ids_of_a_list_are(photos, capsys):
    root, names = photos
    (root / 'list.txt').write_text(f'{names[0]},0 2\n{names[1]},1 2\n')
    own = {'classes': ('cat', 'person', 'mine')}
    MMLogger.get_instance('own-subset-test', log_level='INFO')
    dataset = COCOMissingLabel('list.txt', str(root), metainfo=own, classes=('mine', 'cat'))
    assert dataset.metainfo['classes'] == ('mine', 'cat')
    assert [row['gt_label'] for row in dataset] == [[0, 1], [0]]
    assert 'ids are read' not in capsys.readouterr().out
    with pytest.raises(
        ValueError, match=r"classes \['dog'\] are not among the 3 classes of metainfo"
    ):
        COCOMissingLabel('list.txt', str(root), metainfo=own, classes=('dog',))


def test_a_list_of_ones_own_with_names_of_coco_is_read_as_before(photos, capsys):
    root, names = photos
    (root / 'list.txt').write_text(f'{names[0]},0 1\n{names[1]},1\n')
    MMLogger.get_instance('own-list-test', log_level='INFO')
    dataset = COCOMissingLabel('list.txt', str(root), classes=CHOSEN)
    assert [row['gt_label'] for row in dataset] == [[0, 1], [1]]
    assert "ids are read as positions in classes=('car', 'person')" in capsys.readouterr().out


def test_errors_of_selected_samples_name_their_line(photos):
    root, names = photos
    dataset = COCOMissingLabel('list.txt', str(root), 'images', LOAD, indices=[6, 2])
    (root / 'images' / names[6]).unlink()
    assert dataset.get_data_info(0)['gt_label'] == [6]
    with pytest.raises(SampleError, match=r'list\.txt:7\)'):
        dataset[0]


def test_serialised_samples_are_those_of_mmengine(shared, tmp_path):
    from mmengine.dataset import BaseDataset

    lines = (shared / 'coco_labels/coco_train_0.4left.txt').read_text().splitlines(keepends=True)
    path = tmp_path / 'list.txt'
    path.write_text(''.join(lines[:5000]))
    dataset = COCOMissingLabel(str(path))
    plain = COCOMissingLabel(str(path), serialize_data=False)
    assert dataset.data_list == []
    data, ends = BaseDataset._serialize_data(plain)
    assert np.array_equal(dataset.data_bytes, data)
    assert np.array_equal(dataset.data_address, ends)
    assert pickle.loads(pickle.dumps(dataset)).get_data_info(9) == dataset.get_data_info(9)


@pytest.mark.slow
def test_memory_of_a_worker_stays_flat(shared):
    """The private memory of a worker does not grow while it reads all labels."""
    script = f"""
import torch.utils.data
from mmpretrain_mlml import COCOMissingLabel
data = COCOMissingLabel({str(shared / 'coco_labels/coco_train_full.txt')!r})
def private(_=None):
    rows = open('/proc/self/smaps_rollup').read().splitlines()
    return sum(int(r.split()[1]) for r in rows if r.startswith('Private_Dirty'))
class Probe(torch.utils.data.Dataset):
    def __len__(self): return 20
    def __getitem__(self, i):
        for k in range(i * 4104, min(len(data), (i + 1) * 4104)): data.get_data_info(k)
        return private()
seen = [int(v) for v in torch.utils.data.DataLoader(Probe(), num_workers=1, batch_size=None)]
print('GREW', seen[-1] - seen[0])
"""
    done = subprocess.run(
        [sys.executable, '-c', script], capture_output=True, text=True, check=True
    )
    grew = int(done.stdout.split('GREW')[1])
    assert grew < 4096, f'{grew} KiB'
