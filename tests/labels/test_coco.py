import json

import pytest
from pycocotools.coco import COCO

from mmpretrain_mlml.labels import COCO_CLASSES, LabelError, read_instances


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


def test_the_classes_are_the_ones_of_the_photographs(shared):
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
