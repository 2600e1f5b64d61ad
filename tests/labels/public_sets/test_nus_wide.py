"""The folders of NUS-WIDE, and what bad files raise."""

import pytest
from helpers.public_sets import NUS, write_nus

from mmpretrain_mlml.labels import LabelError, read_label_list
from mmpretrain_mlml.labels.public_sets import NUS_WIDE_CLASSES, nus_wide, parse_nus_wide


def test_labels_are_those_of_the_concepts(public_sets):
    table = parse_nus_wide(public_sets / 'nuswide', 'train').require_no_problems()
    images = list(NUS)[:4]
    assert list(table.names) == images
    for row, image in enumerate(images):
        assert sorted(NUS[image]) == [NUS_WIDE_CLASSES[index] for index in table.positives(row)]
    assert not table.has_unobserved
    assert list(parse_nus_wide(public_sets / 'nuswide', 'test').table.names) == list(NUS)[4:]


def test_the_concepts_are_in_the_order_of_the_released_list(shared):
    names, labels = read_label_list(shared / 'other_lists/nus_val_released.txt', 81)
    counts = [0] * 81
    for present in labels:
        for index in present:
            counts[index] += 1
    assert (len(names), sum(counts)) == (50_720, 123_567)
    ranked = sorted(range(81), key=counts.__getitem__, reverse=True)
    frequent = ['sky', 'clouds', 'person', 'water', 'animal']  # as in the paper of the data set
    assert [NUS_WIDE_CLASSES[index] for index in ranked[:5]] == frequent
    assert len(NUS_WIDE_CLASSES) == 81
    assert sorted(NUS_WIDE_CLASSES) == list(NUS_WIDE_CLASSES)


LIST, LAKE = 'ImageList/TrainImagelist.txt', 'Groundtruth/TrainTestLabels/Labels_lake_Train.txt'


@pytest.mark.parametrize(
    ('file', 'text', 'where', 'message'),
    [
        (LAKE, '0\n0\n1\n', LAKE, 'got 3 labels; expected 4, one for each image'),
        (LAKE, '0\n0\n2\n1\n', f'{LAKE}:3', "got '2'; expected 0 or 1"),
        (LAKE, '0\n0\n\n1\n', f'{LAKE}:3', "got ''; expected 0 or 1"),
        (LIST, 'a.jpg\n\nb.jpg\nc.jpg\n', f'{LIST}:2', 'expected a name'),
        (LIST, 'a.jpg\n..\\b.jpg\nd.jpg\nc.jpg\n', f'{LIST}:2', 'inside the image folder'),
        (LIST, 'a.jpg\na.jpg\nd.jpg\nc.jpg\n', f'{LIST}:2', 'again, first at'),
    ],
)
def test_bad_files_are_problems_with_their_place(tmp_path, file, text, where, message):
    root = write_nus(tmp_path)
    (root / file).write_text(text)
    with pytest.raises(LabelError, match=message) as raised:
        parse_nus_wide(root).require_no_problems()
    assert raised.value.where == f'{root}/{where}'


def test_the_known_fault_of_the_published_files_is_an_absence(tmp_path, monkeypatch):
    root = write_nus(tmp_path)
    monkeypatch.setattr(nus_wide, 'KNOWN_FAULTS', {('Labels_lake_Train.txt', 1): b'-1130179'})
    (root / LAKE).write_text('-1130179\n0\n0\n1\n')
    parsed = parse_nus_wide(root)
    assert parsed.require_no_problems().counts().present[NUS_WIDE_CLASSES.index('lake')] == 1
    assert parsed.notes[-1].endswith(
        'Labels_lake_Train.txt:1: -1130179, a known fault, is read as 0'
    )


def test_missing_files_and_splits_are_named(tmp_path):
    root = write_nus(tmp_path)
    (root / LAKE).unlink()
    with pytest.raises(FileNotFoundError, match=r"Labels_lake_Train\.txt, the labels of 'lake'"):
        parse_nus_wide(root)
    with pytest.raises(ValueError, match=r"split='val': expected one of \('train', 'test'\)"):
        parse_nus_wide(root, 'val')


def test_names_with_the_folder_of_their_authors(tmp_path):
    root = write_nus(tmp_path)
    text = ''.join(f'C:\\ImageData\\Flickr\\actor\\{n}.jpg\n' for n in range(4))
    (root / LIST).write_text(text)
    assert parse_nus_wide(root).require_no_problems().names[3] == 'actor/3.jpg'
