"""Pascal VOC's annotations as image-level labels, and what bad files raise."""

import pytest
from helpers.public_sets import VOC, annotation, voc_labels, write_voc

from mmpretrain_mlml.labels import LabelError
from mmpretrain_mlml.labels.public_sets import VOC_CLASSES, parse_pascal_voc


def by_name(table, row):
    indices, values = table.entries(row)
    return {table.classes[i]: v for i, v in zip(indices.tolist(), values.tolist())}


@pytest.mark.parametrize(
    ('difficult', 'label'), [('absent', 0), ('present', 1), ('unobserved', -1)]
)
def test_labels_are_those_of_the_objects(public_sets, difficult, label):
    root = public_sets / 'VOCdevkit/VOC2012'
    table = parse_pascal_voc(root, 'train', difficult).require_no_problems()
    images = list(VOC)[:4]
    assert list(table.names) == [f'{image}.jpg' for image in images]
    assert table.classes == VOC_CLASSES
    for row, image in enumerate(images):
        expected = {k: v for k, v in voc_labels(image, label).items() if v}
        assert by_name(table, row) == expected
        assert table.location_of(row) == f'{root}/ImageSets/Main/train.txt:{row + 1}'
    assert table.has_unobserved == (difficult == 'unobserved')


def test_a_split_that_is_not_there(public_sets, tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no .*test\.txt.*there are train, trainval, val'):
        parse_pascal_voc(public_sets / 'VOCdevkit/VOC2012', 'test')
    with pytest.raises(FileNotFoundError, match='there is no folder'):
        parse_pascal_voc(tmp_path, 'train')
    with pytest.raises(ValueError, match="difficult='easy': expected one of"):
        parse_pascal_voc(public_sets / 'VOCdevkit/VOC2012', 'train', 'easy')


LIST, XML = 'ImageSets/Main/train.txt', 'Annotations/2008_000001.xml'
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa">]><annotation>&a;</annotation>'


@pytest.mark.parametrize(
    ('file', 'text', 'where', 'message'),
    [
        (LIST, '', LIST, 'got no image'),
        (LIST, '2008_000001\n\n', f'{LIST}:2', "got ''"),
        (LIST, '2008_000001  1\n', f'{LIST}:1', "expected an image's name"),
        (LIST, '../x\n', f'{LIST}:1', "expected an image's name"),
        (LIST, '2008_000001\n2008_000001\n', f'{LIST}:2', 'again, first at'),
        (LIST, '2008_000009\n', f'{LIST}:1', r'no Annotations/2008_000009\.xml'),
        (XML, '<annotation>\n<object>\n', f'{XML}:3', 'expected an annotation of VOC in XML'),
        (XML, BOMB, XML, 'got a document type'),
        (XML, annotation('x', [('kat', 0)]), XML, "got an object 'kat'; expected one of VOC's 20"),
        (XML, annotation('x', [('cat', 2)]), XML, "got difficult '2'; expected 0 or 1"),
    ],
)
def test_bad_files_are_problems_with_their_place(tmp_path, file, text, where, message):
    root = write_voc(tmp_path)
    (root / file).write_text(text)
    parsed = parse_pascal_voc(root, 'train')
    with pytest.raises(LabelError, match=message) as raised:
        parsed.require_no_problems()
    assert raised.value.where == f'{root}/{where}'


def test_an_annotation_that_is_none_is_not_read(tmp_path):
    root = write_voc(tmp_path)
    with (root / XML).open('wb') as file:
        file.truncate(1 << 40)  # without taking room
    with pytest.raises(LabelError, match=r'000001\.xml: got 1,099,511,627,776 bytes'):
        parse_pascal_voc(root, 'train').require_no_problems()


def test_a_list_in_another_encoding(tmp_path):
    root = write_voc(tmp_path)
    (root / LIST).write_bytes(b'\xff\xfe2\x00')
    with pytest.raises(LabelError, match='expected a list in UTF-8'):
        parse_pascal_voc(root, 'train')
