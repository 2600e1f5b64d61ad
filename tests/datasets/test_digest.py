"""What a run trains on is recognised: by names and labels, wherever the images lie."""

import time

import pytest
from mmengine.dataset import RepeatDataset

from mmpretrain_mlml import COCOMissingLabel, DigitScenes
from mmpretrain_mlml.datasets.digest import describe_data

LINES = ['a.jpg,0 3', 'sub/b.jpg,1', 'c.jpg,']


@pytest.fixture
def described(tmp_path):
    """Describe the data set of a label list: its lines, and other arguments."""

    def describe(*lines, **kwargs):
        (tmp_path / 'list.txt').write_text(''.join(f'{line}\n' for line in lines))
        return describe_data(COCOMissingLabel(str(tmp_path / 'list.txt'), **kwargs))

    return describe


def test_the_description_is_plain_and_names_the_source(described):
    data = described(*LINES)
    assert (data['dataset'], data['source'], data['images'], data['classes']) == (
        'COCOMissingLabel', 'list.txt', 3, 80,
    )  # fmt: skip
    assert {type(value) for value in data.values()} <= {str, int, float}


def test_the_place_of_the_images_does_not_matter(described):
    expected = described(*LINES)
    for folder in ('/data/images', '/elsewhere/', ''):
        assert described(*LINES, data_prefix=folder) == expected


@pytest.mark.parametrize(
    ('lines', 'changed'),
    [
        (['a.jpg,0', *LINES[1:]], {'labels'}),
        ([*LINES[:2], 'd.jpg,'], {'image_names'}),
        (LINES[::-1], {'labels', 'image_names'}),
        (LINES[:2], {'labels', 'image_names', 'images'}),
    ],
)
def test_other_names_and_other_labels_are_told_apart(lines, changed, described):
    before, after = described(*LINES), described(*lines)
    assert {key for key in before if before[key] != after[key]} == changed


def test_wrappers_and_hidden_entries_are_part_of_it():
    plain, hidden = (DigitScenes(size=20, unknown=share) for share in (0.0, 0.5))
    one, repeated, other = map(describe_data, (plain, RepeatDataset(plain, 2), hidden))
    assert one['dataset'] == repeated['dataset'] == 'DigitScenes'
    assert repeated['images'] == 40
    assert one['labels'] != repeated['labels']
    assert one['labels'] != other['labels']
    assert one['image_names'] == other['image_names']


def test_a_data_set_without_infos_has_no_digests():
    assert describe_data([1, 2]) == {'dataset': 'list', 'images': 2, 'source': ''}


def test_many_images_take_little_time():
    """82,081 images of COCO take 0.4 s; the limit is for a busy machine."""
    scenes = DigitScenes(size=2000)
    began = time.process_time()
    describe_data(scenes)
    assert time.process_time() - began < 1


def test_a_list_that_is_edited_while_its_data_set_is_used_changes_nothing_in_it(tmp_path):
    path = tmp_path / 'list.txt'
    path.write_text('a.jpg,0\nb.jpg,1\n')
    dataset = COCOMissingLabel(str(path), data_prefix=str(tmp_path))
    before = describe_data(dataset)
    path.write_text('c.jpg,2\n')
    assert describe_data(dataset) == before
    assert dataset.get_data_info(1)['gt_label'] == [1]
    info = dataset.get_data_info(0)
    assert dataset.where(info) == f'image {tmp_path}/a.jpg ({path}, edited since it was read)'
    path.unlink()
    assert dataset.where(info) == f'image {tmp_path}/a.jpg ({path}, edited since it was read)'
