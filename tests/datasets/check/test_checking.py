"""The check of a config."""

import pytest
from mmengine.config import Config

from mmpretrain_mlml import config
from mmpretrain_mlml.datasets.check import check


def test_bad_lines_are_errors(checked):
    root, names, report = checked
    problems = [
        (problem.where, problem.got) for problem in report.problems if problem.kind == 'label'
    ]
    got = [
        "'no comma', without a comma",
        "class index '10'",
        "class index '-1'",
        'an empty line',
        "'../up.jpg'",
        f"'{names[0]}' again, first at {root}/train.txt:1",
        'class index 1 twice',
        r"'n\x00l.jpg'",
        None,  # a long name is a name
        "'n://t.jpg'",
    ]
    expected = {
        (f'{root}/train.txt:{len(names) + n}', text) for n, text in enumerate(got, start=1) if text
    }
    assert set(problems) == expected
    assert len(problems) == len(expected)


def test_summary_counts_what_could_be_read(checked):
    _, names, report = checked
    assert report.summaries['test'] == 'val'
    val = report.summaries['val']
    assert (val.images, val.labels, val.density) == (2, 3, 3 / 20)
    assert val.images_per_class == dict(zip('abcdefghij', [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]))
    (absent,) = (p for p in report.problems if p.kind == 'class')
    assert absent.split == 'val'
    assert absent.got == '7 of 10 classes in no image: d, e, f, g, h, i, j'
    train = report.summaries['train']
    assert train.images == len(names) + 5  # with strange names and the name again
    assert report.decoded == len(names) + 4 + 2  # the name again is one file


def test_embedded_images_need_no_files():
    cfg = Config.fromfile(config('digits_0.4left_splc.py'))
    cfg.train_dataloader.dataset.size = 100
    cfg.val_dataloader.dataset.size = 50
    report = check(cfg, workers=1)
    assert report.problems == []
    assert (report.decoded, report.summaries['train'].files) == (0, 0)
    assert report.summaries['train'].labels < report.summaries['train'].complete_labels
    assert report.summaries['train'].images == 100


def test_a_config_without_data_sets_is_an_error():
    with pytest.raises(ValueError, match='no train_dataloader'):
        check(Config({'train_dataloader': None}), workers=1)
