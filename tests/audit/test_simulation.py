import cv2
import numpy as np
import pytest

from mmpretrain_mlml.audit import probe, simulation, simulation_report
from mmpretrain_mlml.audit.simulation import RANDOM, Material, in_order, review, simulate_review


@pytest.fixture(scope='module')
def material():
    random = np.random.default_rng(0)
    features = random.normal(size=(500, 12))
    complete = features @ random.normal(size=(12, 4)) > 4
    labels = np.where(complete & (random.random(complete.shape) < 0.4), 1, -1)
    return Material(features[:300], labels[:300], complete[:300], features[300:], complete[300:])


def test_the_proposals_find_more_than_random_images(material, monkeypatch):
    monkeypatch.setattr(probe, 'STEPS', 30)
    choosers = {name: in_order(name) for name in ('probability', RANDOM)}
    probabilities = 0.3 * material.complete + 0.7 * np.random.default_rng(1).random((300, 4))
    rows = simulate_review(material, probabilities, choosers=choosers, shares=(0.1, 0.2), seeds=2)
    ends = [(row['order'], row['share']) for row in rows if row['loss'] == 'BCE']
    assert ends == [
        ('none', 0.0), ('probability', 0.1), ('probability', 0.2), (RANDOM, 0.1), (RANDOM, 0.2),
        ('all labels', 1.0),
    ]  # fmt: skip
    by_place = {(row['order'], row['share'], row['loss']): row for row in rows}
    best, worst = by_place['probability', 0.2, 'BCE'], by_place[RANDOM, 0.2, 'BCE']
    assert best['found'] > 2 * worst['found'] > 0
    assert len(best['OF1']) == 2


def test_gaps_lie_between_no_decisions_and_all_labels_of_the_reference():
    def row(order, loss, mAP, OF1):
        return {'order': order, 'loss': loss, 'mAP': [mAP - 1, mAP + 1], 'OF1': [OF1]}

    rows = [
        row('none', 'BCE', 40, 10), row('none', 'Hill', 38, 30),
        row('alternating', 'BCE', 43, 50), row('all labels', 'BCE', 44, 50),
        row('all labels', 'Hill', 45, 50),
    ]  # fmt: skip
    expected = [(0, 0), (-0.5, 0.5), (0.75, 1), (1, 1), (1.25, 1)]
    assert simulation_report.gaps_closed(rows) == expected


def test_decisions_are_right_and_as_many_as_were_asked_for(material):
    probabilities = np.random.default_rng(1).random(material.labels.shape)
    for order in ('alternating', RANDOM):
        labels = review(material, probabilities, in_order(order), 77)
        changed = labels != material.labels
        assert changed.sum() == 77
        assert (labels[changed] == material.complete[changed]).all()
        assert (material.labels[changed] == -1).all()


def test_each_round_sees_scores_of_the_labels_of_the_one_before(material, monkeypatch):
    seen = []

    def scored(features, labels):
        seen.append(int((labels != -1).sum()))
        return np.full(labels.shape, 0.5)

    monkeypatch.setattr(simulation, 'out_of_fold_probabilities', scored)
    labels = review(material, np.full(material.labels.shape, 0.5), in_order('balanced'), 50, 3)
    known = int((material.labels != -1).sum())
    assert seen == [known + 16, known + 33]
    assert (labels != -1).sum() == known + 50


def test_the_table_and_the_figure_show_every_row(material, monkeypatch, tmp_path):
    monkeypatch.setattr(probe, 'STEPS', 5)
    rows = simulate_review(material, choosers={'balanced': in_order('balanced')}, shares=(0.1,))
    lines = simulation_report.table(rows).splitlines()
    assert len(lines) == 2 + len(rows)
    assert lines[2].startswith('| none | 0 (0.0%) | 0% | BCE | ')
    simulation_report.draw(rows, tmp_path / 'a.png')
    assert cv2.imread(str(tmp_path / 'a.png')).std() > 10


def test_nothing_missing_and_unknown_orders_are_named(material):
    full = Material(
        material.features, np.where(material.complete, 1, -1), material.complete,
        material.val_features, material.val_labels,
    )  # fmt: skip
    with pytest.raises(ValueError, match='no label is missing'):
        simulate_review(full, choosers={})
    with pytest.raises(ValueError, match="unknown order 'best'"):
        in_order('best')
    with pytest.raises(ValueError, match=r'one shape, got \(300, 4\) and \(299, 4\)'):
        Material(
            material.features, material.labels, material.complete[1:], *[material.features] * 2
        )
