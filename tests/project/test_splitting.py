import numpy as np
import pytest

from mmpretrain_mlml.labels import LabelTable
from mmpretrain_mlml.project import ProjectError, split_table


def table(images=600, classes=12, seed=0):
    """Class c is present in a share 0.4 / (c + 1) of the images."""
    shares = 0.4 / np.arange(1, classes + 1)
    labels = np.random.default_rng(seed).random((images, classes)) < shares
    positives = [np.flatnonzero(row).tolist() for row in labels]
    names = [f'{row}.jpg' for row in range(images)]
    return LabelTable.from_positives(names, positives, [f'c{c}' for c in range(classes)])


def test_each_class_has_its_share_in_the_validation_set():
    whole = table()
    split = split_table(whole, 0.2, seed=0)
    assert sorted([*split.train, *split.val]) == list(range(600))
    assert len(split.val) == pytest.approx(120, abs=6)
    share = whole.take(split.val).counts().present / whole.counts().present
    assert np.abs(share - 0.2).max() < 0.05
    drawn = np.random.default_rng(0).permutation(600)[:120]  # chance alone is worse
    by_chance = whole.take(drawn).counts().present / whole.counts().present
    assert np.abs(by_chance - 0.2).max() > 0.05


def test_the_seed_alone_decides():
    one, same, other = (split_table(table(), 0.2, seed).val.tolist() for seed in (3, 3, 4))
    assert one == same != other


def test_groups_stay_together_and_empty_names_are_no_group():
    groups = [f'scene {row // 4}' if row < 400 else '' for row in range(600)]
    split = split_table(table(), 0.2, 0, groups)
    assert not {groups[row] for row in split.train if row < 400} & {
        groups[row] for row in split.val if row < 400
    }
    assert 60 < len(split.val) < 180
    assert {row < 400 for row in split.val.tolist()} == {True, False}
    assert any(row >= 400 for row in split.train)


def test_a_large_group_stays_in_the_training_set():
    groups = ['large'] * 300 + [str(row) for row in range(300)]
    for seed in range(5):
        assert split_table(table(), 0.1, seed, groups).val.min() >= 300


def test_the_only_image_of_a_class_stays_in_the_training_set():
    positives = [[0] if row % 2 else [1] for row in range(100)]
    for row in range(60):
        positives[row] = [*positives[row], 2 + row]
    names = [f'{row}.jpg' for row in range(100)]
    rare = LabelTable.from_positives(names, positives, [str(c) for c in range(62)])
    for seed in range(3):
        assert split_table(rare, 0.1, seed).val.min() >= 60


def test_images_without_labels_are_divided_too():
    empty = LabelTable.from_positives([f'{row}.jpg' for row in range(50)], [[]] * 50, ['cat'])
    assert len(split_table(empty, 0.2, 0).val) == pytest.approx(10, abs=1)


def test_very_many_classes_take_no_square_of_time(monkeypatch):
    from mmpretrain_mlml.project import splitting

    monkeypatch.setattr(splitting, '_WORK', 600 * 3**2)
    whole = table()
    share = whole.take(split_table(whole, 0.2, 0).val).counts().present / whole.counts().present
    rare = np.argsort(whole.counts().present)[:3]
    assert np.abs(share[rare] - 0.2).max() < 0.05


@pytest.mark.parametrize(
    ('images', 'share', 'groups', 'message'),
    [
        (600, 1.5, None, '--val-share 1.5: expected a share between 0 and 1'),
        (2, 0.5, None, 'too few'),
        (600, 0.1, ['one'] * 600, '1 groups, of which 1 must stay in the training set'),
    ],
)
def test_what_cannot_be_split_is_refused(images, share, groups, message):
    with pytest.raises(ProjectError, match=message):
        split_table(table(images), share, 0, groups)
