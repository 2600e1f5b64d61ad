"""COCO annotation files."""

import json

import pytest
from pycocotools.coco import COCO

from mmpretrain_mlml.labels import COCO_CLASSES, LabelError, parse_instances, read_instances
from mmpretrain_mlml.labels import coco as coco_module


def test_reads_what_pycocotools_reads(coco_root, capsys):
    path = coco_root / 'annotations/instances_train2014.json'
    coco = COCO(path)
    capsys.readouterr()
    ids = sorted(coco.getCatIds())
    expected = {
        coco.imgs[image]['file_name']: sorted({ids.index(row['category_id']) for row in rows})
        for image, rows in coco.imgToAnns.items()
    }
    names, labels = read_instances(path)
    assert dict(zip(names, labels)) == expected
    assert len(names) == 7  # eight images, one without annotations


def test_classes_are_those_of_the_photographs(shared):
    text = (shared / 'photos/classes.txt').read_text()
    assert text.replace('_', ' ').split('\n')[:80] == list(COCO_CLASSES)


@pytest.mark.parametrize(
    ('change', 'expected'),
    [
        (lambda c: c.pop('images'), "no list 'images'"),
        (lambda c: c['annotations'][3].update(category_id=12), r'annotation 3: .*category_id 12'),
        (lambda c: c['annotations'][3].update(image_id=99), r'annotation 3: got image_id 99'),
        (lambda c: c['annotations'][3].pop('category_id'), 'category_id None'),
        (lambda c: c['categories'].pop(), r'79 categories .*expected 80 .*metainfo'),
        (lambda c: c['images'][3].pop('file_name'), r'images\[3\]'),
        (
            lambda c: c['images'][3].update(file_name='../x.jpg'),
            'image 4: .*inside the image folder',
        ),
        (lambda c: c['images'][3].update(file_name=c['images'][4]['file_name']), 'again, first at'),
        (lambda c: c['images'][3].update(id=5), r'images\[4\]: got id 5 again'),
        (lambda c: c['categories'][3].update(id=c['categories'][4]['id']), 'again'),
        (lambda c: c['images'][3].update(file_name=None), r'images\[3\].*file_name \(str\)'),
        (lambda c: c['images'][3].update(id=[4]), r'images\[3\].*id \(int\)'),
        (lambda c: c['annotations'].append('x'), r'annotations\[\d+\]: got x'),
        (lambda c: c['annotations'].clear(), 'no annotated image'),
        (
            lambda c: c['annotations'][3].update(category_id=1.0),
            r'annotation 3: got category_id 1\.0',
        ),
        (lambda c: c['annotations'][3].update(image_id=True), 'annotation 3: got image_id True'),
        (lambda c: c['annotations'][3].update(image_id=-1), 'annotation 3: got image_id -1'),
        (lambda c: c['annotations'][3].update(image_id='4'), "annotation 3: got image_id '4'"),
        (lambda c: c['annotations'][3].update(image_id=[4]), r'annotation 3: got image_id \[4\]'),
        (lambda c: c['images'][3].update(id=True), r'images\[3\].*id \(int\)'),
        (lambda c: c['images'][3].update(file_name='\ud800.jpg'), r'image 4: .*control'),
        (lambda c: c['images'][3].update(file_name='/x.jpg'), 'image 4: .*inside the image folder'),
        (lambda c: c['images'][3].update(file_name=f'./{c["images"][4]["file_name"]}'), 'again'),
        (lambda c: c['categories'][3].update(name='dog'), r'80 categories'),
    ],
)
def test_problems_are_named(coco_root, tmp_path, change, expected):
    content = json.loads((coco_root / 'annotations/instances_train2014.json').read_text())
    change(content)
    path = tmp_path / 'instances.json'
    path.write_text(json.dumps(content))
    with pytest.raises(LabelError, match=expected) as caught:
        read_instances(path)
    assert str(path) in str(caught.value)


def test_a_file_cut_in_half_is_named_with_its_line(coco_root, tmp_path):
    text = json.dumps(
        json.loads((coco_root / 'annotations/instances_train2014.json').read_text()), indent=1
    )
    path = tmp_path / 'half.json'
    path.write_text(text[: len(text) // 2])
    with pytest.raises(LabelError, match=r'half\.json:\d+: .*complete JSON'):
        read_instances(path)


def test_encodings_of_json_are_accepted(coco_root, tmp_path):
    path = coco_root / 'annotations/instances_train2014.json'
    for codec in ('utf-8-sig', 'utf-16', 'utf-32'):
        (tmp_path / 'a.json').write_text(path.read_text(), encoding=codec)
        assert read_instances(tmp_path / 'a.json') == read_instances(path)


@pytest.mark.parametrize(
    'text',
    ['', '{', '[]', '[' * 200_000, '{"images": ' + '9' * 5000 + '}', 'NaN', '\x00', '<html>'],
    ids=['empty', 'open', 'list', 'deep', 'long number', 'NaN', 'NUL', 'HTML'],
)
def test_other_files_are_refused(tmp_path, text):
    path = tmp_path / 'a.json'
    path.write_text(text)
    with pytest.raises(LabelError, match=r'a\.json.*expected a '):
        read_instances(path)


def test_crowd_annotations_count(coco_root, tmp_path):
    """As in the released lists, which hold the images with any annotation."""
    content = json.loads((coco_root / 'annotations/instances_train2014.json').read_text())
    image = content['images'][0]  # without annotations so far
    content['annotations'].append(
        {'id': 99, 'image_id': image['id'], 'category_id': 90, 'iscrowd': 1}
    )
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(content))
    names, labels = read_instances(path)
    assert labels[names.index(image['file_name'])] == [79]


def test_parsing_collects_all_problems_and_keeps_the_rest(coco_root, tmp_path):
    content = json.loads((coco_root / 'annotations/instances_train2014.json').read_text())
    content['images'][2]['file_name'] = 7
    content['images'][3]['file_name'] = '../x.jpg'
    content['annotations'][-1]['category_id'] = 12
    content['annotations'].append('x')
    content['categories'].append(None)
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(content))
    parsed, location_of, problems = parse_instances(path)
    places = [problem.where.removeprefix(f'{path}: ') for problem in problems]
    last = len(content['annotations']) - 1
    annotation = f'annotation {content["annotations"][-2]["id"]}'
    assert places == ['categories[80]', 'images[2]', f'annotations[{last}]', annotation, 'image 4']
    assert len(parsed.names) == 6  # of seven with annotations
    assert location_of(parsed.names.index(content['images'][7]['file_name'])) == f'{path}: image 8'


def test_images_without_annotations_are_counted_or_kept(coco_root):
    path = coco_root / 'annotations/instances_train2014.json'
    without, kept = parse_instances(path), parse_instances(path, keep_unlabelled=True)
    assert (len(without.labels.names), without.left_out) == (7, 1)
    assert (len(kept.labels.names), kept.left_out) == (8, 0)
    assert kept.labels.labels.count([]) == 1
    both = dict(zip(*kept.labels))
    assert {name: both[name] for name in without.labels.names} == dict(zip(*without.labels))


def test_some_of_the_classes_in_any_order(coco_root):
    path = coco_root / 'annotations/instances_train2014.json'
    full = dict(zip(*read_instances(path)))
    classes = ('person', 'car', 'bicycle', 'bus', 'toothbrush')[::-1]
    parsed = parse_instances(path, classes, keep_unlabelled=True, subset=True)
    for name, labels in zip(*parsed.require_no_problems()):
        wanted = {COCO_CLASSES[index] for index in full.get(name, ())} & set(classes)
        assert {classes[index] for index in labels} == wanted
        assert labels == sorted(labels)
    assert any(parsed.labels.labels)
    for wrong in [(*classes, 'unicorn'), (*classes, 'person'), COCO_CLASSES[::-1]]:
        with pytest.raises(LabelError, match=r'expected .* categories'):
            parse_instances(path, wrong, subset=True).require_no_problems()
    with pytest.raises(LabelError, match=r'80 categories .*expected 5 categories'):
        read_instances(path, classes)


def test_the_second_start_reads_the_cache(coco_root, tmp_path, monkeypatch):
    path = tmp_path / 'instances.json'
    path.write_bytes((coco_root / 'annotations/instances_train2014.json').read_bytes())
    plain = parse_instances(path, keep_unlabelled=True)
    first = parse_instances(path, keep_unlabelled=True, cache=True)
    with monkeypatch.context() as patch:
        patch.setattr(coco_module, '_parse', None)  # would fail
        second = parse_instances(path, keep_unlabelled=True, cache=True)
    for parsed in (first, second):
        assert parsed.labels == plain.labels
        assert parsed.left_out == plain.left_out
        for index in range(len(plain.labels.names)):
            assert parsed.location_of(index) == plain.location_of(index)
    assert parse_instances(path, cache=True).left_out == parse_instances(path).left_out == 1
    assert len(list(tmp_path.glob('.instances.json.*.cache'))) == 2


def test_a_file_with_problems_has_no_cache(tmp_path):
    path = tmp_path / 'instances.json'
    path.write_text('{"images": []}')
    assert parse_instances(path, cache=True).problems
    assert [file.name for file in tmp_path.iterdir()] == ['instances.json']
