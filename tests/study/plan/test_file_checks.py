"""What is refused in a study file."""

import pytest
from helpers.study_runs import DIGITS


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (('seeds =', 'seed ='), r"unknown keys \['seed'\]; expected some of"),
        (('[0, 3]', '[]'), 'expected seeds to be a list with content'),
        (('[0, 3]', '[0, 0]'), 'distinct whole numbers'),
        (('base = ', 'images = []\nbase = '), 'images is empty'),
        (('[0, 3]', '[0.5]'), 'distinct whole numbers'),
        (("'full': dict(protocol='full'), ", "'fu/ll': dict(), "), 'names a folder'),
        (('base = ', "options = 3\nbase = "), 'expected options to be a dict, got 3'),
        (('base = ', "reference = 'Hill'\nbase = "), "reference = 'Hill' is none of the losses"),
        (('base = ', "full = 'all'\nbase = "), "full = 'all' is none of the labels"),
        (('base = ', "exceptions = {'x': {}}\nbase = "), 'labels or losses not in the study'),
        (('lml.SPLC', 'lml.SLPC'), r'mine\.py: full_SPLC_seed0: cannot build the loss .*SLPC'),
        (("lml.SPLC'", "lml.SPLC', thau=1"), 'cannot build the loss .*thau'),
        (('base = ', "options = dict(val_evaluator=dict(type='Accuracy'))\nbase = "), 'val_evaluator'),
        (('base = ', "exceptions = {'full': {'SPLC': 0.6}}\nbase = "), 'to be dicts by loss'),
        (('[0, 3]', '[2**32]'), 'seeds below 4294967296'),
        (('base = ', 'base = ('), r'mine\.py: SyntaxError'),
        (('base = ', 'only = []\nbase = '), 'only is empty'),
        (('base = ', "only = '*BCE*'\nbase = "), 'expected only to be a list'),
        (('base = ', 'only = [3]\nbase = '), r'only to hold patterns of run names, got \[3\]'),
        (('base = ', 'labels_follow_seed = 1\nbase = '), 'expected labels_follow_seed to be a bool'),
        (("labels = {'full': dict(", "labels_follow_seed = True\nlabels = {'full': dict(seed=1, "),
         r"labels\['full'\] has a seed, but with labels_follow_seed"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused(change, message, read_text):
    text = DIGITS.replace(*change)
    assert text != DIGITS
    with pytest.raises(ValueError, match=message):
        read_text(text)


def test_two_runs_of_one_name_are_refused(read_text):
    text = DIGITS.replace("'full': ", "'0.4left_a': ").replace("'SPLC': ", "'a_BCE': ")
    with pytest.raises(ValueError, match=r"several runs called \['0\.4left_a_BCE_seed0'"):
        read_text(text)
