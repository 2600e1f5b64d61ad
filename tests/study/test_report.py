"""From the folders of runs to the report: what is said, and that nothing missing is hidden."""

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import ROOT
from helpers.support import write_run

from mmpretrain_mlml.evaluation import Predictions, average_precision, multi_label_scores
from mmpretrain_mlml.study import study as studies
from mmpretrain_mlml.study.bootstrap import draw_counts, interval, resampled_scores
from mmpretrain_mlml.study.comparison import compare
from mmpretrain_mlml.study.plan import PlannedRun, Study
from mmpretrain_mlml.study.records import read_record
from mmpretrain_mlml.study.report import write_report
from mmpretrain_mlml.study.runs import read_scores

CLASSES = 80
SHORT = {'train_cfg.max_epochs': 2}
SKILL = {'full_bce': 0.8, '0.4left_bce': 0.3, '0.4left_hill': 0.5, '0.4left_splc': 0.6}


def predictions(skill, seed=0, images=120):
    """Of a model that knows so much; image and label sets are the same for all."""
    targets = (np.random.default_rng(9).random((images, CLASSES)) < 0.08).astype(np.int8)
    targets[:, 7] = 0  # a class that does not occur
    noise = np.random.default_rng(int(1000 * skill) + seed).random(targets.shape)
    scores = (skill * targets + (1 - skill / 2) * noise).clip(0, 1).astype(np.float32)
    names = np.array([f'{n}.jpg' for n in range(images)])
    return Predictions(scores, targets, names, np.array([f'class {n}' for n in range(CLASSES)]))


def write_finished(folder, setting, seed=0, **changes):
    said = predictions(SKILL[setting], seed)
    summary = multi_label_scores(said.scores, said.targets).summary
    last = {f'multi-label/{key}': value for key, value in summary.items()}
    first = {key: value / 2 for key, value in last.items()}
    changes = {'randomness.seed': seed, **SHORT, **changes}
    write_run(folder, [first, last], name=f'coco_{setting}.py', **changes)
    said.save(folder / 'predictions.npz')
    return folder


@pytest.fixture(scope='module')
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp('runs')
    return [
        write_finished(root / f'{setting}_{seed}', setting, seed)
        for setting in SKILL
        for seed in (0, 1)
    ]


@pytest.fixture(scope='module')
def records(folders):
    return [read_record(folder) for folder in folders]


def test_a_run_folder_is_read_whoever_ran_it(folders, records):
    first = records[0]
    assert (first.result.loss, first.result.labels, first.result.seed) == ('BCE', 'full', 0)
    found = multi_label_scores(first.predictions.scores, first.predictions.targets).summary
    assert first.last('OF1') == pytest.approx(found['OF1'])
    named = read_record(folders[0], loss='Base', labels='everything', seed=5)
    assert (named.result.loss, named.result.labels, named.result.seed) == ('Base', 'everything', 5)


def test_differences_are_paired_over_images_and_mean_over_seeds(records):
    cells = compare(records, 'BCE', 'full', resamples=200)
    counts = draw_counts(120, 200)
    by = {}
    for record in records:
        said, key = record.predictions, (record.result.loss, record.result.labels)
        moved = resampled_scores(said.scores, said.targets, counts)['mAP']
        by.setdefault(key, []).append(np.append(record.last('mAP'), moved))
    high, low, hill = (np.mean(by[key], axis=0) for key in (
        ('BCE', 'full'), ('BCE', '0.4left'), ('Hill', '0.4left'))
    )  # fmt: skip
    found = cells['Hill', '0.4left'].differences['mAP']
    assert found.value == pytest.approx((hill - low)[0])
    assert (found.low, found.high) == pytest.approx(interval((hill - low)[1:]))
    assert found.low < found.value < found.high
    assert list(found.seeds) == [0, 1]
    closed = cells['Hill', '0.4left'].closed['mAP']
    assert closed.value == pytest.approx(100 * ((hill - low) / (high - low))[0])
    assert (closed.low, closed.high) == pytest.approx(
        interval(100 * ((hill - low) / (high - low))[1:])
    )
    assert not cells['BCE', '0.4left'].differences
    gains = cells['Hill', '0.4left'].gains
    ap = {
        (r.result.loss, r.result.labels, r.result.seed): average_precision(
            r.predictions.scores, r.predictions.targets
        )
        for r in records
    }
    wanted = np.mean([ap['Hill', '0.4left', s] - ap['BCE', '0.4left', s] for s in (0, 1)], axis=0)
    np.testing.assert_allclose(gains, wanted)
    assert np.isnan(gains[7])


def test_without_a_seed_in_common_there_is_no_difference(records):
    few = [r for r in records if (r.result.seed == 0) == (r.result.loss == 'BCE')]
    cell = compare(few, 'BCE', 'full', resamples=10)['Hill', '0.4left']
    assert not cell.differences
    assert not cell.closed
    assert cell.gains is None


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
    assert 'No figure of the paper stands here' in text  # two epochs are not its recipe
    content = json.loads((tmp_path / 'results.json').read_text())
    assert content['complete']
    assert len(content['runs']) == 8
    assert [row['step'] for row in content['runs'][0]['scores']] == [1, 2]
    (cell,) = (c for c in content['tables'][''] if (c['loss'], c['labels']) == ('SPLC', '0.4left'))
    assert len(cell['class_gains']) == CLASSES - 1
    for name in ('table.png', 'classes.png'):
        assert cv2.imread(str(tmp_path / name)).std() > 5
    assert cv2.imread(str(tmp_path / 'classes.png')).shape[0] > 79 * 17  # a line of text a class
    assert not (tmp_path / 'recovery.png').exists()
    assert str(ROOT) not in (tmp_path / 'results.json').read_text()


def test_what_is_missing_is_said_and_old_pictures_go(records, tmp_path):
    (tmp_path / 'recovery.png').touch()
    text = write_report(records[:3], tmp_path, 'mine', missing={'0.4left_SPLC_seed0': 'not run'})
    assert '**Partial: 3 of 4 runs.**' in text
    assert '- 0.4left_SPLC_seed0: not run' in text
    assert not json.loads((tmp_path / 'results.json').read_text())['complete']
    assert not (tmp_path / 'recovery.png').exists()
    with pytest.raises(ValueError, match='no finished run'):
        write_report([], tmp_path, 'mine')


def test_the_papers_figures_stand_beside_its_recipe_only(folders, tmp_path):
    own = {'train_cfg.max_epochs': 31}
    said = predictions(0.5)
    last = multi_label_scores(said.scores, said.targets).summary['mAP']
    scores = [{'multi-label/mAP': value, 'multi-label/OF1': 1.0} for value in [99] * 30 + [last]]
    found = []
    for loss in ('WAN', 'ANLS', 'BCE'):
        folder = tmp_path / loss
        own['model.head.loss.type'] = f'mmpretrain_mlml.{loss}'
        write_run(folder, scores, name='coco_0.4left_bce.py', **own)
        said.save(folder / 'predictions.npz')
        found.append(read_record(folder))
    text = write_report(found, tmp_path / 'report', 'mine')
    assert '| WAN in the paper | 72.05 (recalled) |' in text
    assert '| ANLS in the paper | 73.13 (recalled) |' in text
    assert '| BCE, best epoch | 99.00 |' in text
    assert 'No figure of the paper' not in text


def test_several_tables_have_their_own_pictures(folders, tmp_path):
    found = [
        read_record(folder, table=f'{backbone}, {count}images')
        for folder in folders[2:5]
        for backbone, count in (('wide', 9), ('narrow', 9))
    ]
    text = write_report(found, tmp_path, 'mine')
    assert '## wide, 9images' in text
    assert (tmp_path / 'classes_narrow_9images.png').is_file()


def test_recovered_labels_are_drawn_where_a_hook_counted_them(folders, tmp_path):
    found = []
    for number, folder in enumerate(folders[4:]):
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
    told = json.loads((tmp_path / 'results.json').read_text())['runs'][0]['recovery']
    assert told[0] == {'epoch': 1, 'images': 8, 'share': 0.0}


def test_predictions_of_another_checkpoint_or_of_other_images_are_refused(folders, tmp_path):
    folder = write_finished(tmp_path / 'a', '0.4left_hill')
    predictions(0.9).save(folder / 'predictions.npz')
    with pytest.raises(ValueError, match=r'predictions.npz has mAP .* expected predictions of the'):
        read_record(folder)
    (folder / 'predictions.npz').unlink()
    with pytest.raises(FileNotFoundError, match=r'tools/test\.py CONFIG .*test_evaluator\.out='):
        read_record(folder)
    said = predictions(SKILL['0.4left_hill'])
    Predictions(said.scores, said.targets, said.names[::-1], said.classes).save(
        folder / 'predictions.npz'
    )
    mixed = [read_record(folders[2]), read_record(folder)]
    with pytest.raises(ValueError, match=r'different images or labels \(their names differ\)'):
        compare(mixed, 'BCE', None, resamples=10)
    with pytest.raises(ValueError, match='are the same run'):
        compare([read_record(folders[0])] * 2, 'BCE', None, resamples=10)
    write_run(tmp_path / 'half', [50], name='coco_full_bce.py', **SHORT)
    with pytest.raises(ValueError, match='half is not finished: 1 of 2'):
        read_record(Path(tmp_path / 'half'))


@pytest.mark.parametrize(
    ('file', 'damaged', 'said'),
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
    file, damaged, said, tmp_path, monkeypatch
):
    monkeypatch.setattr(studies, 'condition', lambda folder, wanted: 'finished')
    runs = []
    for loss in ('BCE', 'Hill'):
        name = f'0.4left_{loss}_seed0'
        runs.append(PlannedRun(name, '', loss, '0.4left', 0, 'coco_0.4left_bce.py', {}, ''))
        write_finished(tmp_path / name, f'0.4left_{loss.lower()}')
    (path,) = (tmp_path / name).glob(file) if '*' in file else [tmp_path / name / file]
    if damaged:
        path.write_bytes(damaged(path.read_bytes() if path.is_file() else b''))
    else:
        path.unlink()
    told = studies.report_study(Study('mine', runs, 'BCE', None), tmp_path)
    assert re.search(rf'- {name}: cannot be read: .*{said}', told)
    assert '| BCE |' in told


def test_a_line_of_scores_that_a_killed_process_left_unfinished_is_passed_over(tmp_path):
    write_finished(tmp_path, '0.4left_bce')
    (log,) = tmp_path.glob('*/vis_data/scalars.json')
    whole = read_scores(tmp_path)
    log.write_text(log.read_text().rstrip() + '\n{"multi-label/mA')
    assert read_scores(tmp_path) == whole
    assert len(whole) == 2
