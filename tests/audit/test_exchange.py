"""Exports to other tools, and what comes back. The exports here are as the tools write them."""

import json
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmpretrain_mlml.audit import export_proposals, read_decisions
from mmpretrain_mlml.audit.proposals import PROPOSAL
from mmpretrain_mlml.labels import DataError

HOSTILE = '<a>&"\'</Choice>'
NAMES = ['photos/a.jpg', 'photos/sub/b "1".jpg', 'in memory']
CLASSES = ['dog', HOSTILE, 'owl']
PROPOSALS = np.array(
    [(1, 1, 'missing', 0.9), (0, 0, 'missing', 0.8), (1, 2, 'wrong', 0.1), (2, 0, 'missing', 0.7)],
    PROPOSAL,
)


def picture(index):
    return Image.new('RGB', (40 + index, 30))


@pytest.fixture
def export(tmp_path):
    def file_of(index):
        return None if index == 2 else tmp_path / NAMES[index]

    def write(tool):
        folder = tmp_path / tool
        hint = export_proposals(tool, folder, PROPOSALS, NAMES, CLASSES, picture, file_of=file_of)
        assert hint.startswith(tool)
        return folder

    return write


def saved(path: Path, text):
    path.write_text(text if isinstance(text, str) else json.dumps(text), encoding='utf-8')
    return path


def decided(path):
    return {(one.image, one.class_name): one.decision for one in read_decisions(path)}


# ---- Label Studio


def annotated(task, chosen, **more):
    result = {'from_name': 'tags', 'to_name': 'image', 'type': 'choices'}
    return {
        'id': 1,
        **task,
        'annotations': [
            {
                'completed_by': {'id': 7, 'email': 'ann@x.org'},
                'updated_at': '2026-01-02T03:04:05.000Z',
                'was_cancelled': False,
                'result': [{**result, 'value': {'choices': chosen}}] if chosen else [],
                **more,
            }
        ],
    }


def test_label_studio_gets_a_task_with_one_prediction_for_each_picture(export, tmp_path):
    folder = export('label-studio')
    tasks = json.loads((folder / 'tasks.json').read_text())
    assert [task['data']['name'] for task in tasks] == [NAMES[1], NAMES[0], NAMES[2]]
    (prediction,) = tasks[0]['predictions']
    assert [one['value']['choices'] for one in prediction['result']] == [[HOSTILE, 'owl']]
    assert tasks[0]['data']['image'] == '/data/local-files/?d=photos/sub/b%20%221%22.jpg'
    choices = ElementTree.parse(folder / 'config.xml').iter('Choice')
    assert [choice.get('value') for choice in choices] == CLASSES
    memory = tmp_path / tasks[2]['data']['image'].split('=')[1]
    with Image.open(memory) as image:
        assert image.size == (42, 30)


def test_label_studio_comes_back(export, tmp_path):
    first, second, third = json.loads((export('label-studio') / 'tasks.json').read_text())
    content = [
        annotated(first, [HOSTILE, 'dog']),
        annotated(second, [], was_cancelled=True),
        annotated(third, []),
    ]
    path = saved(tmp_path / 'project-1.json', content)
    assert decided(path) == {
        (NAMES[1], HOSTILE): 'present',
        (NAMES[1], 'owl'): 'absent',
        (NAMES[1], 'dog'): 'present',  # added by the person
        (NAMES[2], 'dog'): 'absent',
    }
    one = read_decisions(path)[0]
    assert (one.reviewer, one.time) == ('ann@x.org', '2026-01-02T03:04:05.000Z')
    assert one.where.endswith('project-1.json: task 1')
    assert read_decisions(export('label-studio') / 'tasks.json') == []  # nobody decided


# ---- CVAT


def test_cvat_gets_a_tag_for_each_proposal(export):
    folder = export('cvat')
    root = ElementTree.parse(folder / 'annotations.xml').getroot()
    assert root.findtext('version') == '1.1'
    images = root.findall('image')
    assert [image.get('name') for image in images] == [NAMES[1], NAMES[0], '2.png']
    assert images[2].get('width') == '42'
    assert [tag.get('label') for tag in images[0].iter('tag')] == [HOSTILE, 'owl']
    labels = json.loads((folder / 'labels.json').read_text())
    assert [label['name'] for label in labels] == CLASSES
    assert labels[0]['attributes'][0]['values'] == ['undecided', 'present', 'absent', 'unsure']
    assert read_decisions(folder / 'annotations.xml') == []  # nobody decided


@pytest.mark.parametrize('zipped', [False, True])
def test_cvat_comes_back(export, tmp_path, zipped):
    tree = ElementTree.parse(export('cvat') / 'annotations.xml')
    first, second, third = tree.getroot().findall('image')
    for tag, decision in zip(first.iter('tag'), ('present', 'unsure')):
        tag.find("attribute[@name='decision']").text = decision
    first.set('name', 'flattened.jpg')
    ElementTree.SubElement(second, 'tag', label='owl', source='manual')
    third.find("tag/attribute[@name='decision']").text = 'absent'
    path = tmp_path / 'annotations.xml'
    tree.write(path)
    if zipped:
        path = tmp_path / 'job.zip'
        with zipfile.ZipFile(path, 'w') as archive:
            archive.write(tmp_path / 'annotations.xml', 'annotations.xml')
    assert decided(path) == {
        (NAMES[1], HOSTILE): 'present',
        (NAMES[1], 'owl'): 'unsure',
        (NAMES[0], 'owl'): 'present',  # added by the person
        (NAMES[2], 'dog'): 'absent',
    }


# ---- FiftyOne


def test_fiftyone_gets_classifications_and_a_manifest(export, tmp_path):
    folder = export('fiftyone')
    content = json.loads((folder / 'labels.json').read_text())
    files = json.loads((folder / 'data.json').read_text())
    assert content['classes'] == CLASSES
    assert list(content['labels']) == list(files)
    assert files['000001'] == str((tmp_path / NAMES[0]).resolve())
    assert content['labels']['000000'][0] == {
        'label': HOSTILE,
        'confidence': 0.9,
        'attributes': {'image': NAMES[1], 'kind': 'missing'},
    }


def sample(*tags, label='dog'):
    classification = {'_cls': 'Classification', 'label': label, 'image': NAMES[0], 'tags': [*tags]}
    proposals = {'_cls': 'Classifications', 'classifications': [classification]}
    return {'filepath': '/x/a.jpg', 'tags': ['absent'], 'proposals': proposals}


def test_fiftyone_comes_back(tmp_path):
    samples = [sample('absent', 'blurred'), sample(label='owl')]
    saved(tmp_path / 'samples.json', {'samples': samples})
    assert decided(tmp_path / 'samples.json') == {(NAMES[0], 'dog'): 'absent'}
    assert decided(tmp_path) == {(NAMES[0], 'dog'): 'absent'}  # the folder of the export


# ---- errors


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        (
            '[{"image": "a.jpg", "tags": "dog"}]',
            r'x: task 1: .* exported from Label Studio as JSON',
        ),
        ('[{"data": {"name": "a", "proposed": []}, "annotations": [5]}]', 'of another type'),
        ('[1, 2', 'JSON of Label Studio or FiftyOne'),
        ('{"a": 1}', 'no list of samples'),
        ('{"samples": []}', 'no proposals; expected classifications that audit_labels.py wrote'),
        ({'samples': [sample('absent', 'present')]}, "tags absent, present of 'dog'; expected one"),
        ('<annotations><track/></annotations>', 'tracks of a video; expected an export'),
        ('<osm/>', 'XML of <osm>'),
        ('<annotations', 'an export "CVAT for images 1.1"'),
        ('<!DOCTYPE a [<!ENTITY b "c">]><annotations/>', 'a document type'),
        ('<annotations><image name="a"><box/></image></annotations>', "image 'a': got a box"),
        (
            '<annotations><image name="a"><tag label="x"><attribute name="decision">yes</attribute>'
            '</tag></image></annotations>',
            "image 'a': got decision 'yes'",
        ),
        ('PK\x03\x04', 'a ZIP file'),
    ],
)
def test_what_is_no_export_is_refused(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_decisions(saved(tmp_path / 'x', text))


def test_results_of_another_control_are_refused(export, tmp_path):
    task = json.loads((export('label-studio') / 'tasks.json').read_text())[0]
    content = [annotated(task, ['dog'])]
    content[0]['annotations'][0]['result'][0]['from_name'] = 'boxes'
    with pytest.raises(DataError, match=r"got a result of 'boxes'; expected choices of 'tags'"):
        read_decisions(saved(tmp_path / 'x', content))


def test_an_unknown_tool_is_refused(tmp_path):
    with pytest.raises(ValueError, match="unknown tool 'excel'; expected one of"):
        export_proposals('excel', tmp_path, PROPOSALS, NAMES, CLASSES, picture)
