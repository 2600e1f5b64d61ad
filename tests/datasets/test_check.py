"""The check of data sets: everything that is wrong is found in one go, and told apart."""

import io
import json
import os

import pytest
from helpers.pictures import BAD, ODD, PATCHED, WHOLE, encode, picture
from mmengine.config import Config
from mmengine.registry import init_default_scope
from rich.console import Console

from mmpretrain_mlml import LoadWholeImage, config
from mmpretrain_mlml.datasets.check import as_json, check, problem_table, summary_table
from mmpretrain_mlml.datasets.check.images import check_image
from mmpretrain_mlml.datasets.check.process_map import process_map
from mmpretrain_mlml.datasets.check.sources import read_sources

LONG = 'x' * 300 + '.jpg'  # longer than a name can be
GOOD = {f'good {n}.jpg': encode(picture(20 + n, 20)) for n in range(4)}


@pytest.fixture(autouse=True)
def scope():
    init_default_scope('mmpretrain')


def loader(root, **dataset):
    load = {'type': 'mmpretrain_mlml.LoadWholeImage'}
    known = {'type': 'mmpretrain_mlml.COCOMissingLabel', 'data_root': str(root), 'pipeline': [load]}
    return {'dataset': {**known, **dataset}}


@pytest.fixture(scope='module')
def hostile(tmp_path_factory):
    """A training set with every kind of bad and odd image and line, and a validation set."""
    root = tmp_path_factory.mktemp('hostile')
    for folder in ('train', 'val'):
        (root / folder).mkdir()
    files = {**GOOD, 'patched.jpg': PATCHED, 'twin.jpg': GOOD['good 1.jpg']}
    files |= {f'{kind}.jpg': content for kind, content in {**BAD, **ODD}.items()}
    for name, content in files.items():
        (root / 'train' / name).write_bytes(content)
    os.mkfifo(root / 'train/pipe.jpg')
    names = [*files, 'pipe.jpg', 'missing.jpg']
    lines = [f'{name},{n % 10}' for n, name in enumerate(names)]
    lines += ['no comma', 'a.jpg,10', 'b.jpg,-1', '', '../up.jpg,1', f'{names[0]},1', 'c.jpg,1 1']
    lines += ['n\x00l.jpg,1', f'{LONG},1', 'n://t.jpg,1']
    (root / 'train.txt').write_text('\n'.join(lines) + '\n')
    (root / 'val/leak.jpg').write_bytes(GOOD['good 2.jpg'])
    (root / 'val/good 3.jpg').write_bytes(WHOLE['PNG'])  # another picture of the same name
    (root / 'val.txt').write_text('leak.jpg,0\ngood 3.jpg,1 2\n')
    classes = {'classes': tuple('abcdefghij')}
    val = loader(root, ann_file='val.txt', data_prefix='val', metainfo=classes, test_mode=True)
    train = loader(
        root, ann_file='train.txt', data_prefix='train', metainfo=classes, protocol='0.4left'
    )
    path = root / 'config.py'
    cfg = Config({'train_dataloader': train, 'val_dataloader': val, 'test_dataloader': val})
    path.write_text(cfg.pretty_text)
    return root, names, check(Config.fromfile(path), workers=2)


def test_every_bad_image_is_an_error_with_its_line(hostile):
    root, names, report = hostile
    errors = {
        problem.path.removeprefix(f'{root}/train/'): problem
        for problem in report.problems
        if (problem.severity, problem.kind, problem.split) == ('error', 'image', 'train')
    }
    bad = {f'{kind}.jpg' for kind in BAD} | {'patched.jpg', 'pipe.jpg', 'missing.jpg'}
    strange = {'../up.jpg', 'n\x00l.jpg', LONG, 'n://t.jpg'}
    assert errors.keys() == bad | strange
    for name in bad:
        assert errors[name].where == f'{root}/train.txt:{names.index(name) + 1}'
    assert 'premature end' in errors['patched.jpg'].got
    assert errors['missing.jpg'].got == 'no such file'
    assert errors['pipe.jpg'].got == 'no plain file'


def test_every_bad_line_is_an_error(hostile):
    root, names, report = hostile
    found = [(problem.where, problem.got) for problem in report.problems if problem.kind == 'label']
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
    assert set(found) == expected
    assert len(found) == len(expected)


def test_odd_images_are_warnings(hostile):
    _, _, report = hostile
    found = {
        (problem.kind, problem.path.rpartition('/')[2])
        for problem in report.problems
        if problem.severity == 'warning' and problem.split == 'train' and problem.path
    }
    odd = {('cmyk' if kind == 'CMYK' else kind, f'{kind}.jpg') for kind in ODD}
    assert found == odd | {('grey', '16-bit.jpg'), ('double', 'twin.jpg')}


def test_what_training_and_validation_share_is_an_error_a_mere_name_a_warning(hostile):
    root, _, report = hostile
    (leak,) = (problem for problem in report.problems if problem.kind == 'leak')
    assert leak.path == f'{root}/val/leak.jpg'
    assert leak.where == f'{root}/val.txt:1'
    assert f'{root}/train/good 2.jpg ({root}/train.txt:3)' in leak.got
    (name,) = (problem for problem in report.problems if problem.kind == 'name')
    assert name.severity == 'warning'
    assert "1 names that training has too, such as 'good 3.jpg'" in name.got


def test_the_summary_counts_what_could_be_read(hostile):
    _, names, report = hostile
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


def test_the_tables_and_the_json_hold_it_all(hostile):
    _, _, report = hostile
    console = Console(file=io.StringIO(), width=300)
    console.print(summary_table(report), problem_table(report.problems, most=3))
    shown = console.file.getvalue()
    assert 'the same as val' in shown
    assert 'more' in shown
    content = json.loads(json.dumps(as_json(report)))
    assert content['errors'] + content['warnings'] == len(content['problems'])
    assert content['errors'] == report.errors > len(BAD)
    kinds = [problem['severity'] for problem in content['problems']]
    assert kinds == sorted(kinds)


def test_a_process_that_dies_is_survived_and_the_culprit_named():
    items = [f'{n} + 1' for n in range(40)]
    items[7] = '__import__("os")._exit(1)'
    found = dict(process_map(eval, items, workers=1))
    assert found == {n: None if n == 7 else n + 1 for n in range(40)}


@pytest.mark.parametrize('kind', WHOLE)
def test_nothing_is_said_of_a_plain_image(tmp_path, kind):
    (tmp_path / 'a').write_bytes(WHOLE[kind])
    assert check_image((LoadWholeImage(), str(tmp_path / 'a'))).findings == []


def test_embedded_images_need_no_files():
    cfg = Config.fromfile(config('digits_0.4left_splc.py'))
    cfg.train_dataloader.dataset.size = 100
    cfg.val_dataloader.dataset.size = 50
    report = check(cfg, workers=1)
    assert report.problems == []
    assert (report.decoded, report.summaries['train'].files) == (0, 0)
    assert report.summaries['train'].labels < report.summaries['train'].complete_labels
    assert report.summaries['train'].images == 100


def test_all_problems_of_an_annotation_file_are_found(coco_root, tmp_path):
    content = json.loads((coco_root / 'annotations/instances_train2014.json').read_text())
    content['annotations'][0]['category_id'] = 12
    content['annotations'][5]['image_id'] = 99
    (tmp_path / 'wrong.json').write_text(json.dumps(content))
    (tmp_path / 'half.json').write_text(json.dumps(content)[:5000])
    (tmp_path / 'a.csv').write_text('')
    for ann_file, number in {'wrong.json': 2, 'half.json': 1, 'absent.json': 1, 'a.csv': 1}.items():
        bad = loader(coco_root, ann_file=str(tmp_path / ann_file), data_prefix='train2014')
        source = read_sources(Config({'train_dataloader': bad, 'val_dataloader': None}))['train']
        assert len(source.problems) == number
        assert all(str(tmp_path / ann_file) in problem.where for problem in source.problems)
        assert len(source.paths) == (7 if ann_file == 'wrong.json' else 0)


def test_indices_choose_what_is_checked(coco_root):
    ann_file = 'annotations/instances_train2014.json'
    good = {'ann_file': ann_file, 'data_prefix': 'train2014'}
    everything = read_sources(Config({'val_dataloader': loader(coco_root, **good)}))['val']
    some = loader(coco_root, **good, indices=[3, 1])
    chosen = read_sources(Config({'train_dataloader': some}))['train']
    assert chosen.problems == []
    assert chosen.paths == [everything.paths[3], everything.paths[1]]
    assert chosen.kept == [everything.kept[3], everything.kept[1]]
    assert chosen.where(0) == everything.where(3) == f'{coco_root}/{ann_file}: image 5'


def test_other_data_sets_and_wrapped_ones_are_checked_too(tmp_path):
    samples = [
        {'img_path': 'a.jpg', 'gt_label': [0, 1]},
        {'img_path': 'b.jpg', 'gt_label': [2]},
        {'img_path': 'c.jpg', 'gt_label': [1, 1]},
    ]
    meta = {'classes': ['x', 'y']}
    (tmp_path / 'a.json').write_text(json.dumps({'metainfo': meta, 'data_list': samples}))
    (tmp_path / 'b.json').write_text('{')
    plain = {'type': 'MultiLabelDataset', 'data_root': str(tmp_path), 'ann_file': 'a.json'}
    inner = [plain, {**plain, 'ann_file': 'b.json'}, {**plain, 'ann_file': 'c.json'}]
    wrapped = {'type': 'ConcatDataset', 'datasets': inner}
    found = read_sources(Config({'train_dataloader': {'dataset': wrapped}}))
    assert list(found) == ['train 1', 'train 2', 'train 3']
    assert [p.where for p in found['train 1'].problems] == [
        f'{tmp_path}/a.json: sample {n}' for n in (1, 2)
    ]
    assert found['train 1'].paths == [str(tmp_path / f'{name}.jpg') for name in 'abc']
    assert found['train 1'].names == ['a.jpg', 'b.jpg', 'c.jpg']
    assert [len(found[name].problems) for name in found] == [2, 1, 1]


def test_a_config_without_data_sets_is_an_error():
    with pytest.raises(ValueError, match='no train_dataloader'):
        check(Config({'train_dataloader': None}), workers=1)
