"""From the records of runs to the report: what is predictions, and that nothing missing is hidden."""

import json
import re
import shutil

import cv2
import pytest
from helpers import ROOT
from helpers.study_runs import CLASSES, OLD_STUDY, make_predictions, write_finished
from helpers.work_dirs import write_run

from mmpretrain_mlml.evaluation import multi_label_scores
from mmpretrain_mlml.study import (
    Run,
    Study,
    read_record,
    read_study,
    report_study,
    train_study,
    write_report,
)
from mmpretrain_mlml.study.report import study_report


def test_the_report_of_all_runs(records, tmp_path):
    text = write_report(records, tmp_path, 'mine')
    assert (tmp_path / 'table.md').read_text() == text
    table = [line.split(' | ') for line in text.splitlines() if line.startswith('|')]
    assert table[0][1:4] == ['full: mAP', 'full: OF1', '0.4left: mAP']
    rows = {row[0].removeprefix('| '): row for row in table}
    assert '(n = 2)' in rows['Hill'][3]
    assert rows['Hill'][1] == ''
    assert rows['Hill - BCE'][3].startswith('+')
    assert '%' in rows['SPLC, gap closed'][3]
    assert 'Partial' not in text
    assert 'No figure of the paper is shown' in text  # two epochs are not its recipe
    content = json.loads((tmp_path / 'results.json').read_text())
    assert content['complete']
    assert len(content['runs']) == 8
    assert [row['step'] for row in content['runs'][0]['scores']] == [1, 2]
    (cell,) = (c for c in content['tables'][''] if (c['loss'], c['labels']) == ('SPLC', '0.4left'))
    assert len(cell['class_gains']) == CLASSES - 1
    for name in ('table.png', 'classes.png', 'curves.png'):
        assert cv2.imread(str(tmp_path / name)).std() > 5
    assert cv2.imread(str(tmp_path / 'classes.png')).shape[0] > 79 * 17  # a line of text a class
    assert not (tmp_path / 'recovery.png').exists()
    assert str(ROOT) not in (tmp_path / 'results.json').read_text()


def test_missing_runs_are_named_and_old_figures_removed(records, tmp_path):
    (tmp_path / 'recovery.png').touch()
    text = write_report(records[:3], tmp_path, 'mine', missing={'0.4left_SPLC_seed0': 'not run'})
    assert '**Partial: 3 of 4 runs.**' in text
    assert '- 0.4left_SPLC_seed0: not run' in text
    assert not json.loads((tmp_path / 'results.json').read_text())['complete']
    assert not (tmp_path / 'recovery.png').exists()
    with pytest.raises(ValueError, match='no finished run'):
        write_report([], tmp_path, 'mine')


def test_the_papers_figures_stand_beside_its_recipe_only(run_folders, tmp_path):
    own = {'train_cfg.max_epochs': 31}
    predictions = make_predictions(0.5)
    last = multi_label_scores(predictions.scores, predictions.targets).summary['mAP']
    scores = [{'multi-label/mAP': value, 'multi-label/OF1': 1.0} for value in [99] * 30 + [last]]
    found = []
    for loss in ('WAN', 'ANLS', 'BCE'):
        folder = tmp_path / loss
        own['model.head.loss.type'] = f'mmpretrain_mlml.{loss}'
        write_run(folder, scores, name='coco_0.4left_bce.py', **own)
        predictions.save(folder / 'predictions.npz')
        found.append(read_record(folder))
    text = write_report(found, tmp_path / 'report', 'mine')
    assert '| WAN in the paper | 72.05 (recalled) |' in text
    assert '| ANLS in the paper | 73.13 (recalled) |' in text
    assert '| BCE, best epoch | 99.00 |' in text
    assert 'No figure of the paper' not in text


def test_several_tables_have_their_own_pictures(run_folders, tmp_path):
    found = [
        read_record(folder, table=f'{backbone}, {count}images')
        for folder in run_folders[2:5]
        for backbone, count in (('wide', 9), ('narrow', 9))
    ]
    text = write_report(found, tmp_path, 'mine')
    assert '## wide, 9images' in text
    assert (tmp_path / 'classes_narrow_9images.png').is_file()


def test_recovered_labels_are_drawn_where_a_hook_counted_them(run_folders, tmp_path):
    found = []
    for number, folder in enumerate(run_folders[4:]):
        epochs = [
            {'epoch': 1, 'images': 8, 'unmarked': [70, 80], 'recovered': [0, 0], 'share': 0.0},
            {'epoch': 2, 'share': 2.0 + number, 'precision': 70.0 - number, 'recall': 40.0},
        ]
        (folder / 'recovery.json').write_text(json.dumps({'classes': ['a', 'b'], 'epochs': epochs}))
        found.append(read_record(folder))
        (folder / 'recovery.json').unlink()
    write_report(found, tmp_path, 'mine', reference=None)
    picture = cv2.imread(str(tmp_path / 'recovery.png'))
    assert picture.std() > 5
    assert picture.shape[1] > 1.5 * picture.shape[0]  # three panels
    assert not (tmp_path / 'classes.png').exists()
    rows = json.loads((tmp_path / 'results.json').read_text())['runs'][0]['recovery']
    assert rows[0] == {'epoch': 1, 'images': 8, 'share': 0.0}


@pytest.mark.parametrize(
    ('file', 'damaged', 'message'),
    [
        ('predictions.npz', lambda old: b'', 'holds no predictions'),
        ('predictions.npz', lambda old: old[:300] + b'?????????' + old[309:], 'holds no predictions'),
        ('run.json', lambda old: b'{"finger', r'run\.json is damaged: .* to run it anew'),
        ('recovery.json', lambda old: b'\xff', r'recovery\.json is damaged'),
        ('*/vis_data/scalars.json', lambda old: b'{"mul\n' + old, r'scalars\.json:1 is damaged'),
        ('*/vis_data/config.py', None, 'config'),
    ],
)  # fmt: skip
def test_a_damaged_run_is_named_and_the_others_are_reported(
    file, damaged, message, tmp_path, monkeypatch
):
    monkeypatch.setattr(study_report, 'folder_state', lambda folder, fingerprint: 'finished')
    runs = []
    for loss in ('BCE', 'Hill'):
        name = f'0.4left_{loss}_seed0'
        runs.append(Run(name, 'coco_0.4left_bce.py', loss=loss, labels='0.4left', seed=0))
        write_finished(tmp_path / name, f'0.4left_{loss.lower()}')
    (path,) = (tmp_path / name).glob(file) if '*' in file else [tmp_path / name / file]
    if damaged:
        path.write_bytes(damaged(path.read_bytes() if path.is_file() else b''))
    else:
        path.unlink()
    text = report_study(Study('mine', runs, 'BCE', None), tmp_path)
    assert re.search(rf'- {name}: cannot be read: .*{message}', text)
    assert '| BCE |' in text


def test_a_study_folder_of_an_earlier_version_is_finished_and_reports_the_same(tmp_path):
    shutil.copytree(OLD_STUDY, tmp_path, dirs_exist_ok=True)
    study = read_study(tmp_path / 'small.py')
    text = report_study(study, tmp_path / 'runs')
    assert '| SPLC - BCE | +8.87 [+3.82, +16.50] | +0.00 [+0.00, +0.00] |' in text
    assert 'Partial' not in text
    train_study(study.runs, tmp_path / 'runs', jobs=1)  # nothing is left to train
    assert not list(tmp_path.glob('runs/*/out.log'))
    results = json.loads((tmp_path / 'runs/report/results.json').read_text())
    run = results['runs'][1]
    assert (run['folder'], run['seconds']) == ('0.4left_SPLC_seed0', 50)  # over a resumption
    assert run['versions']['torch'] == '2.14.1'
    assert [row['epoch'] for row in run['recovery']] == [1, 2]

    note = tmp_path / 'runs/0.4left_SPLC_seed0/run.json'
    note.write_text(note.read_text().replace('"finished": true', '"finished": false'))
    text = report_study(study, tmp_path / 'runs')
    assert '**Partial: 1 of 2 runs.**' in text
    assert '- 0.4left_SPLC_seed0: validated 2 of 2' in text
