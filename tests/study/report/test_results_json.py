"""The file with all numbers, which others read."""

import json

from mmpretrain_mlml.study import write_report


def test_the_keys_of_the_results_file(records, tmp_path):
    write_report(records, tmp_path, 'mine')
    content = json.loads((tmp_path / 'results.json').read_text())
    assert list(content) == ['study', 'complete', 'missing', 'tables', 'runs']
    cell = content['tables'][''][2]
    assert list(cell) == [
        'loss', 'labels', 'seeds', 'mean', 'sd', 'difference', 'gap_closed', 'class_gains',
        'class_gain_intervals',
    ]  # fmt: skip
    assert list(cell['difference']['mAP']) == ['value', 'low', 'high', 'seeds']
    assert list(content['runs'][0]) == [
        'folder', 'table', 'loss', 'labels', 'seed', 'setting', 'config', 'options', 'command',
        'versions', 'seconds', 'images', 'published', 'scores', 'recovery',
    ]  # fmt: skip


def test_a_file_without_comparisons_has_the_same_keys(records, tmp_path):
    write_report(records[:1], tmp_path, 'mine', reference=None, missing={'other': 'not run'})
    content = json.loads((tmp_path / 'results.json').read_text())
    assert (content['complete'], content['missing']) == (False, {'other': 'not run'})
    (cell,) = content['tables']['']
    assert cell['sd'] == {'mAP': None, 'OF1': None}
    assert cell['difference'] == cell['gap_closed'] == cell['class_gains'] == {}
    assert cell['class_gain_intervals'] == {}
