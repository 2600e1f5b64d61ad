"""The command-line tool that makes labels incomplete."""

import json

import pytest
from PIL import Image

from mmpretrain_mlml.labels import COCO_CLASSES, read_label_list, read_tag_table
from mmpretrain_mlml.labels.making import read_labels
from mmpretrain_mlml.labels.protocols import apply_protocols, build_protocols


def test_a_released_list_gives_the_published_number(run_tool, shared, tmp_path):
    source, out = shared / 'coco_labels/coco_train_full.txt', tmp_path / 'kept.txt'
    tool = ('python', 'tools/make_labels.py', source, '--protocol', '0.4left', '--seed', '3')
    said = run_tool(*tool, '--out', out)
    assert '0.4left: 96,251 present (96,251 expected)' in said
    assert sum(map(len, read_label_list(out, 80).labels)) == 96_251
    numbers = json.loads(out.with_suffix('.json').read_text())
    assert (numbers['labels'], numbers['labels_before']) == (96_251, 241_035)
    with Image.open(out.with_suffix('.png')) as picture:
        assert picture.size[0] > 1000


def test_protocols_are_applied_in_order_and_nothing_is_overwritten(run_tool, coco_root, tmp_path):
    source = coco_root / 'annotations/instances_train2014.json'
    out = tmp_path / 'new/kept.csv'
    protocols = ['SizeBiased(size=1.0)', 'FalsePositives(share=0.1)', 'RPS(share=0.2)']
    tool = ('python', 'tools/make_labels.py', source, '--seed', '3', '--protocol', *protocols)
    said = run_tool(*tool, '--out', out)
    assert "read it with unlisted='absent'" in said
    expected = apply_protocols(read_labels(source), build_protocols(protocols), 3)
    for classes in (COCO_CLASSES, out.with_suffix('.classes.txt')):
        assert read_tag_table(out, classes, unlisted='absent') == expected
    before = {path: path.read_bytes() for path in out.parent.iterdir()}
    assert f'error: {out} exists' in run_tool(*tool, '--out', out, expect=1)
    out.unlink()
    assert 'kept.png exists' in run_tool(*tool, '--out', out, expect=1)
    assert {path: path.read_bytes() for path in before if path != out} == {
        path: content for path, content in before.items() if path != out
    }


def test_the_folder_of_a_public_data_set_is_a_source(run_tool, public_sets, tmp_path):
    tool = (
        'python',
        'tools/make_labels.py',
        public_sets / 'VOCdevkit/VOC2012',
        '--protocol',
        'single',
    )
    out = tmp_path / 'kept.txt'
    said = run_tool(*tool, '--options', 'difficult=present', '--keep-unlabelled', '--out', out)
    assert 'single: 4 present (4 expected)' in said
    kept = read_label_list(out, 20)
    assert kept.names[3] == '2008_000004.jpg'
    assert kept.labels[1:] == [[kept.labels[1][0]], [18], [4]]
    numbers = json.loads(out.with_suffix('.json').read_text())
    assert numbers['labels_an_image'] == 1
    lost = {name for name, one in numbers['by_class'].items() if one['false_negatives']}
    assert len(lost) == 2
    assert all(
        numbers['by_class'][name]['false_negatives'] == pytest.approx(1 / 4) for name in lost
    )
    assert said.count('25.00%') == 2
    said = run_tool(*tool, '--split', 'test', '--out', tmp_path / 'x.txt', expect=1)
    assert 'there are train, trainval, val' in said
    said = run_tool(*tool, '--options', 'layout=rows', '--out', tmp_path / 'x.txt', expect=1)
    assert 'holds Pascal VOC: layout has no meaning for it; it takes split, difficult' in said


def test_errors_are_one_line(run_tool, coco_root, tmp_path):
    tool = ('python', 'tools/make_labels.py')
    source, out = coco_root / 'train_full.txt', tmp_path / 'out.txt'
    for arguments, message in (
        ([source, '--protocol', 'RPS(share=0.5)'], "the layout 'ids' holds positive labels only"),
        ([source, '--protocol', '0.5left'], "unknown protocol '0.5left'"),
        ([source, '--images', '8'], 'images=8: expected 1 to 7'),
        ([source, '--options', 'x'], "expected KEY=VALUE, got 'x'"),
        ([tmp_path / 'no.csv'], 'no.csv'),
        ([source, '--split', 'val'], f'{source} is no folder of a public data set'),
        ([coco_root, '--protocol', 'single'], 'is a folder: --protocol expects one of its'),
    ):
        said = run_tool(*tool, *arguments, '--out', out, expect=1)
        assert f'error: {message}' in said or message in said
        assert 'Traceback' not in said
        assert list(tmp_path.iterdir()) == []


def test_the_folder_of_coco_gives_the_lists_of_the_photos_configs(run_tool, coco_root, tmp_path):
    run_tool('python', 'tools/make_labels.py', coco_root, '--out', tmp_path, '--images', '4', '2')
    lines = (tmp_path / 'train_0.4left.txt').read_text().splitlines()
    assert len(lines) == 4
    assert set(lines) < set((coco_root / 'train_0.4left.txt').read_text().splitlines())
    assert len((tmp_path / 'val_full.txt').read_text().splitlines()) == 2
