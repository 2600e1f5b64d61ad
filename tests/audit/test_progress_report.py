"""What decisions say about an audit: estimates and yields, from its files."""

import json

import numpy as np
import pytest

from mmpretrain_mlml.audit import (
    EstimateSample,
    draw_entries,
    kept_share,
    propose,
    report_progress,
    write_proposals,
)
from mmpretrain_mlml.audit.decisions import Decision
from mmpretrain_mlml.audit.progress_report import ESTIMATE
from mmpretrain_mlml.labels import DataError

NAMES = [f'{row}.jpg' for row in range(400)]
CLASSES = list('abcdef')


@pytest.fixture
def audited(tmp_path):
    """The folder of an audit with an estimate, and what is missing."""
    random = np.random.default_rng(0)
    presence = random.beta(0.15, 1.0, (len(NAMES), len(CLASSES)))
    present = random.random(presence.shape) < presence
    labels = np.where(present & (random.random(presence.shape) < 0.5), 1, -1)
    probabilities = presence / 2
    write_proposals(tmp_path / 'proposals.csv', propose(probabilities, labels, 200), NAMES, CLASSES)
    (tmp_path / 'audit.json').write_text(
        json.dumps({'kept_share': kept_share(probabilities, labels)})
    )
    sample = draw_entries(probabilities, labels, 120)
    (tmp_path / 'estimate').mkdir()
    frequency = (labels == 1).sum(0)
    unobserved = int((labels == -1).sum())
    EstimateSample.named(sample, NAMES, CLASSES, frequency, unobserved).save(tmp_path / ESTIMATE)
    return tmp_path, present & (labels == -1)


def decide(folder, entries, missing, name='decisions.csv'):
    lines = ['image,class,decision']
    for image, klass in entries:
        found = missing[NAMES.index(image), CLASSES.index(klass)]
        lines.append(f'{image},{klass},{"present" if found else "absent"}')
    (folder / name).write_text('\n'.join(lines) + '\n')
    return folder / name


def proposed(folder):
    rows = (folder / 'proposals.csv').read_text().splitlines()[1:]
    return [tuple(row.split(',')[1:3]) for row in rows]


def test_a_decided_sample_gives_an_interval_that_holds_the_truth(audited):
    folder, missing = audited
    entries = EstimateSample.load(folder / ESTIMATE).entries
    estimate = report_progress(folder, [decide(folder, entries, missing)]).estimate
    assert estimate.whole.low <= missing.sum() <= estimate.whole.high
    assert sum(one.missing for one in estimate.groups.values()) == pytest.approx(
        estimate.whole.missing
    )
    assert list(estimate.groups) == ['rare', 'medium', 'frequent']
    assert estimate.lines()[0].startswith(
        f'missing labels: about {estimate.whole.missing:,.0f} (95'
    )


def test_an_estimate_waits_for_all_of_its_decisions(audited):
    folder, missing = audited
    sample = EstimateSample.load(folder / ESTIMATE)
    report = report_progress(folder, [decide(folder, sample.entries[1:], missing)])
    assert report.estimate is None
    assert 'no estimate of all missing labels yet: 1 of its entries' in report.lines()[-1]
    with pytest.raises(ValueError, match=f'1 of the {len(sample.entries)} entries .* undecided'):
        sample.evaluate({entry: Decision(*entry, 'absent') for entry in sample.entries[1:]})


def test_unsure_entries_count_as_absent_and_are_named(audited):
    folder, _ = audited
    sample = EstimateSample.load(folder / ESTIMATE)
    said = {entry: Decision(*entry, 'present') for entry in sample.entries}
    said[sample.entries[0]] = Decision(*sample.entries[0], 'unsure')
    estimate = sample.evaluate(said)
    assert estimate.unsure == 1
    assert estimate.with_unsure > estimate.whole.missing
    assert '1 entries are unsure' in estimate.lines()[-1]


def test_decisions_correct_what_is_expected_of_the_rest(audited):
    folder, missing = audited
    entries = proposed(folder)
    file = decide(folder, entries[:100], np.zeros_like(missing))  # a reviewer who rejects all
    before = report_progress(folder, [decide(folder, [], missing, 'empty.csv')])
    after = report_progress(folder, [file])
    assert (before.decided, after.decided, after.right) == (0, 100, 0)
    assert after.expected_before == pytest.approx(before.expected_right[99])
    rest = before.expected_right[-1] - before.expected_right[99]
    assert after.expected_right[-1] < rest / 2
    assert '100 proposals are decided, 0 of them missing labels' in after.lines()[0]


def test_decisions_of_another_audit_are_refused(audited):
    folder, _ = audited
    file = folder / 'other.csv'
    file.write_text('image,class,decision\n0.jpg,zebra,present\n')
    with pytest.raises(DataError, match=r"other\.csv:2: .*'0\.jpg', 'zebra'"):
        report_progress(folder, [file])


def test_a_folder_without_an_audit_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=f'{tmp_path} holds no audit'):
        report_progress(tmp_path, [])


@pytest.mark.parametrize(
    ('name', 'text'),
    [
        ('proposals.csv', 'rank,image\n1,a\n'),
        ('audit.json', '{}'),
        ('audit.json', 'none'),
        (str(ESTIMATE), '{"entries": []}'),
    ],
)
def test_damaged_files_of_an_audit_are_named(audited, name, text):
    folder, missing = audited
    (folder / name).write_text(text)
    with pytest.raises(DataError, match=name):
        report_progress(folder, [decide(folder, [], missing)])
