"""The loop on digits: audit_labels.py, a review, apply_review.py, train.py."""

import csv
import json

import numpy as np
import pytest
from helpers import ROOT
from helpers.training import CONFIG, options
from mmengine.config import Config

from mmpretrain_mlml.audit import training_labels
from mmpretrain_mlml.datasets.digit_scenes import make_scenes
from mmpretrain_mlml.evaluation import Predictions
from mmpretrain_mlml.labels import read_tag_table


@pytest.fixture(scope='module')
def audited(run_tool, trained, tmp_path_factory):
    out = tmp_path_factory.mktemp('audit')
    audit = ('python', 'tools/audit_labels.py', CONFIG, trained / 'epoch_3.pth', '--out-dir', out)
    limits = '--limit', '200', '--wrong', '10', '--estimate', '40'
    cache = tmp_path_factory.mktemp('cache')
    said = run_tool(*audit, *limits, '--cache-dir', cache, *options())
    return out, said


def review(folder):
    """Decide like a person who makes no mistake."""
    with (folder / 'proposals.csv').open() as file:
        entries = [(row['image'], row['class']) for row in csv.DictReader(file)]
    return decide(entries, folder / 'decisions.csv')


def decide(entries, path):
    _, full = make_scenes('train', 256)
    with path.open('w', newline='') as file:
        rows = csv.writer(file)
        rows.writerow(['image', 'class', 'decision'])
        for image, klass in entries:
            present = int(klass) in full[int(image.split('/')[1])]
            rows.writerow([image, klass, 'present' if present else 'absent'])
    return path


def test_an_audit_writes_its_table_page_and_report(audited):
    out, said = audited
    files = {'audit.json', 'proposals.csv', 'review.html', 'estimate'}
    assert {path.name for path in out.iterdir()} - {'decisions.csv'} == files
    assert {path.name for path in (out / 'estimate').iterdir()} == {'sample.json', 'review.html'}
    with (out / 'proposals.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ['rank', 'image', 'class', 'kind', 'probability', 'label']
    kinds = [row['kind'] for row in rows]
    assert kinds == ['missing'] * 200 + ['wrong'] * 10
    report = json.loads((out / 'audit.json').read_text())
    assert report['proposals'] == {'missing': 200, 'wrong': 10}
    assert 0 < report['expected_right']['200'] <= 200
    assert 'of the first 100, about ' in said
    assert 'apply_review.py' in said


def test_decisions_tell_what_is_missing_and_still_to_be_found(audited, run_tool, tmp_path):
    out, _ = audited
    sample = json.loads((out / 'estimate/sample.json').read_text())
    ours = decide(sample['entries'], tmp_path / 'estimate.csv')
    report = 'python', 'tools/audit_labels.py', CONFIG, '--out-dir', out, '--decisions'
    said = run_tool(*report, ours)
    assert 'missing labels: about ' in said
    assert '  of rare classes: about ' in said
    assert 'of the next 100, about ' in said
    said = run_tool(*report, ours, review(out))
    assert 'proposals are decided, ' in said
    assert 'of the next' not in said  # all are decided
    ours.write_text('image,class,decision\nx.jpg,3,present\n')
    assert "estimate.csv:2: got a decision about 'x.jpg', '3'" in run_tool(*report, ours, expect=1)


def test_decisions_become_labels_that_train(audited, run_tool, tmp_path):
    decisions, out = review(audited[0]), tmp_path / 'v2.jsonl'
    apply = ('python', 'tools/apply_review.py', CONFIG, decisions, '--out')
    said = run_tool(*apply, out, *options())
    assert '210 decisions: ' in said
    table = read_tag_table(out, [str(digit) for digit in range(10)])
    _, full = make_scenes('train', 256)
    for row, labels in enumerate(full):
        target = table.target(row)
        assert set((target == 1).nonzero()[0]) <= set(labels)
        assert not set((target == 0).nonzero()[0]) & set(labels)
    assert (table.values == 0).sum() > 0
    assert table.counts().present.sum() > 256
    content = out.read_bytes()
    assert f'{out} holds this result already' in run_tool(*apply, out, *options())
    decisions.write_text('\n'.join(decisions.read_text().splitlines()[:100]))
    said = run_tool(*apply, out, *options(), expect=1)
    assert f'error: {out} exists and is not the result of this review' in said
    assert out.read_bytes() == content
    said = run_tool(*apply, tmp_path / 'v2.txt', *options())
    assert 'verified absences are lost' in said


@pytest.mark.slow
def test_a_simulation_says_what_a_review_would_bring(trained, run_tool, tmp_path):
    audit = (
        'python',
        'tools/audit_labels.py',
        CONFIG,
        trained / 'epoch_3.pth',
        '--out-dir',
        tmp_path,
    )
    more = '--cache-dir', tmp_path / 'cache', '--simulate', 'protocol=full'
    said = run_tool(*audit, *more, *options())
    assert '| alternating | ' in said
    assert '| random images | ' in said
    rows = json.loads((tmp_path / 'simulation.json').read_text())
    found = {(row['order'], row['share']): row['found'] for row in rows}
    assert found['alternating', 0.03] > found['random images', 0.03]
    assert (tmp_path / 'simulation.png').stat().st_size > 1000
    assert (tmp_path / 'simulation.md').read_text().startswith('| order | ')


def test_predictions_of_other_images_are_refused(audited, run_tool, trained, tmp_path):
    predictions = tmp_path / 'val.npz'
    test = ('python', 'tools/test.py', CONFIG, trained / 'epoch_3.pth', '--work-dir', tmp_path)
    run_tool(*test, *options(f'test_evaluator.out={predictions}'))
    audit = ('python', 'tools/audit_labels.py', CONFIG, '--predictions', predictions)
    said = run_tool(*audit, '--out-dir', tmp_path / 'audit', *options(), expect=1)
    assert 'val.npz has no image' in said


@pytest.fixture(scope='module')
def predictions(tmp_path_factory):
    """Predictions of the training scenes, which need no network."""
    _, full = make_scenes('train', 256)
    targets = np.zeros((256, 10), np.int8)
    for row, labels in enumerate(full):
        targets[row, labels] = 1
    scores = 0.8 * targets + 0.1 * np.random.default_rng(0).random(targets.shape)
    path = tmp_path_factory.mktemp('predictions') / 'train.npz'
    names = np.arange(256).astype(str)
    Predictions(scores, targets, names, np.arange(10).astype(str)).save(path)
    return path


def test_maps_reach_the_page_and_exports_other_tools(predictions, run_tool, tmp_path):
    boxes, out = tmp_path / 'boxes.csv', tmp_path / 'audit'
    rows = [
        f'train/{image:06},{digit},0.25,0.5,0.125,0.25'
        for image in range(256)
        for digit in range(10)
    ]
    boxes.write_text('\n'.join(['image,class,left,top,width,height', *rows]))
    audit = 'python', 'tools/audit_labels.py', CONFIG, '--predictions', predictions
    more = '--limit', 20, '--maps', boxes, '--export', 'label-studio', 'cvat', 'fiftyone'
    said = run_tool(*audit, '--out-dir', out, *more, *options())
    assert (out / 'review.html').read_text().count('[0.25, 0.5, 0.125, 0.25]') == 20
    for file in ('label-studio/tasks.json', 'cvat/annotations.xml', 'fiftyone/labels.json'):
        assert (out / file).stat().st_size > 1000
    for tool in ('label-studio', 'cvat', 'fiftyone'):
        assert f'\n{tool}: ' in said  # how to import it


def test_a_report_refuses_what_a_new_audit_takes(run_tool):
    report = 'python', 'tools/audit_labels.py', CONFIG, '--decisions', 'decisions.csv'
    said = run_tool(*report, '--estimate', 300, '--export', 'cvat', expect=2)
    assert '--decisions reports on an earlier audit: expected no --estimate, --export' in said
    said = run_tool(*report, '--limit', 0, '--order', 'balanced', expect=2)
    assert 'expected no --limit, --order' in said


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (('--limit', -3), '--limit: expected at least 0, got -3'),
        (('--wrong', -1), '--wrong: expected at least 0, got -1'),
        (('--scores', 'folds', '--folds', 1), '--folds: expected at least 2, got 1'),
        (('--jobs', 0), '--jobs: expected at least 1, got 0'),
        (('--out-dir', 'README.md'), '--out-dir: expected a folder, got the file README.md'),
        (('--maps', 'nowhere'), '--maps: no nowhere; expected a folder, or a CSV file'),
        (('--limit', 0), '--limit 0: expected proposals, or --wrong, --estimate or --simulate'),
    ],
)
def test_an_argument_out_of_range_is_refused_before_anything_is_scored(
    arguments, message, run_tool
):
    said = run_tool('python', 'tools/audit_labels.py', CONFIG, *arguments, expect=2)
    assert message in said


@pytest.mark.parametrize('tool', ['audit_labels.py', 'apply_review.py'])
def test_an_argument_that_nothing_takes_is_refused(tool, run_tool, tmp_path):
    decisions = () if tool == 'audit_labels.py' else ('decisions.csv', '--out', tmp_path / 'v2.csv')
    typo = options('train_dataloader.dataset.protocoll=full')
    said = run_tool('python', f'tools/{tool}', CONFIG, *decisions, *typo, expect=1)
    assert "did you mean 'protocol'?" in said


def test_random_weights_are_no_source_of_features(run_tool, tmp_path):
    said = run_tool('python', 'tools/audit_labels.py', CONFIG, '--out-dir', tmp_path, expect=1)
    assert 'error: the config starts from random weights' in said


def test_several_training_sets_are_refused():
    cfg = Config.fromfile(ROOT / CONFIG)
    part = cfg.train_dataloader.dataset
    cfg.train_dataloader.dataset = {'type': 'ConcatDataset', 'datasets': [part, part]}
    with pytest.raises(ValueError, match='is a ConcatDataset of several data sets: expected one'):
        training_labels(cfg)
