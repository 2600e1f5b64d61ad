from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS

from mmpretrain_mlml.datasets.digit_scenes import make_scenes
from mmpretrain_mlml.labels import LabelError, LabelTable, read_tag_table, write_tag_table
from mmpretrain_mlml.project import ProjectError, new_project

SMALL = dict(backbone='test_resnet', pretrained=False, image_size=32)


def make(drawn, out, table='tags.csv', **options):
    return new_project(drawn / table, drawn / 'photos', out, **{**SMALL, **options})


def names_of(path) -> set[str]:
    return set(read_tag_table(path).names)


def test_the_files_hold_the_table_and_the_config_names_them(drawn, tmp_path):
    project = make(drawn, tmp_path / 'my tags')
    assert sorted(path.name for path in (tmp_path / 'my tags').iterdir()) == [
        'classes.txt', 'config.py', 'train.csv', 'val.csv',
    ]  # fmt: skip
    whole = read_tag_table(drawn / 'tags.csv')
    assert tuple((tmp_path / 'my tags/classes.txt').read_text().splitlines()) == whole.classes
    cfg = Config.fromfile(project.config)
    init_default_scope('mmpretrain')
    train, val = (DATASETS.build(cfg[f'{split}_dataloader'].dataset) for split in ('train', 'val'))
    assert (len(train), len(val)) == (108, 12)
    assert 'gt_score' in train.get_data_info(0)  # unobserved entries
    assert 'gt_score' not in val.get_data_info(0)  # none: unlisted is absent
    assert train[0]['inputs'].shape == (3, 32, 32)
    assert cfg.model.head.loss.unknown == 'unobserved'
    assert cfg.work_dir == str(tmp_path / 'my tags/run')
    assert f"'{tmp_path / 'my tags'}/config.py'" in project.next_steps[1][0]
    assert any('as incomplete as the training labels' in line for line in project.warnings)


def test_the_split_follows_seed_and_groups(drawn, tmp_path):
    made = {}
    for name, options in {
        'one': {}, 'same': {}, 'other': dict(seed=1), 'groups': dict(group_column='scene'),
    }.items():  # fmt: skip
        make(drawn, tmp_path / name, **options)
        made[name] = names_of(tmp_path / name / 'val.csv')
        assert not made[name] & names_of(tmp_path / name / 'train.csv')
    assert made['one'] == made['same'] != made['other']
    scenes = {int(Path(name).stem) // 3 for name in made['groups']}
    assert len(made['groups']) == 3 * len(scenes)


def test_a_validation_table_is_taken_with_its_verified_absences(drawn, tmp_path):
    whole = read_tag_table(drawn / 'tags.csv')
    write_tag_table(tmp_path / 'train.csv', whole.take(range(100)))
    labels = whole.take(range(100, 120)).dense()
    labels[labels == -1] = 0
    names = list(whole.names)[100:]
    write_tag_table(
        tmp_path / 'val.csv', LabelTable.from_dense(names, labels, whole.classes), 'columns'
    )
    options = dict(val=tmp_path / 'val.csv')
    project = new_project(
        tmp_path / 'train.csv', drawn / 'photos', tmp_path / 'out', **SMALL, **options
    )
    assert not any('as incomplete' in line for line in project.warnings)
    cfg = Config.fromfile(project.config)
    val = DATASETS.build(cfg.val_dataloader.dataset)
    assert (val.parsed.table.dense() == labels).all()
    with pytest.raises(ProjectError, match='20 images of the validation table are in the training'):
        new_project(drawn / 'tags.csv', drawn / 'photos', tmp_path / 'no', **SMALL, **options)


@pytest.mark.parametrize('full', [True, False])
def test_a_validation_table_with_as_few_labels_is_warned_of(drawn, tmp_path, full):
    whole = read_tag_table(drawn / 'tags.csv')
    write_tag_table(tmp_path / 'train.csv', whole.take(range(100)))
    _, digits = make_scenes('train', 120)
    names, kept = list(whole.names)[100:], [whole.positives(row) for row in range(100, 120)]
    labels = [sorted(found) for found in digits[100:]] if full else kept
    val = LabelTable.from_positives(names, labels, whole.classes)
    write_tag_table(tmp_path / 'val.csv', val)
    options = dict(val=tmp_path / 'val.csv', **SMALL)
    project = new_project(tmp_path / 'train.csv', drawn / 'photos', tmp_path / 'out', **options)
    assert any('as incomplete as' in line for line in project.warnings) != full
    assert Config.fromfile(project.config).val_dataloader.dataset.unlisted == 'absent'


@pytest.mark.parametrize(
    ('pretrained', 'unlisted', 'loss'),
    [
        (True, 'unobserved', dict(type='mmpretrain_mlml.SPLC', unknown='unobserved')),
        (
            False,
            'unobserved',
            dict(type='mmpretrain_mlml.SPLC', unknown='unobserved', change_epoch=10),
        ),
        (True, 'absent', dict(type='mmpretrain_mlml.SPLC')),
    ],
)
def test_the_loss_follows_labels_and_weights(drawn, tmp_path, pretrained, unlisted, loss):
    name = 'test_resnet.r160_in1k'
    options = dict(pretrained=pretrained, table_options=dict(unlisted=unlisted), backbone=name)
    project = make(drawn, tmp_path / 'out', **options)
    cfg = Config.fromfile(project.config)
    assert cfg.model.head.loss == loss
    assert cfg.model.backbone.pretrained is pretrained
    assert cfg.train_dataloader.dataset.get('unlisted', 'unobserved') == unlisted
    assert any('as incomplete as' in line for line in project.warnings)


@pytest.mark.parametrize('share', [0.2, 0.7])
def test_complete_labels_take_bce(drawn, tmp_path, share):
    labels = (np.random.default_rng(0).random((120, 10)) < share).astype(np.int8)
    names = [f'{number:03}.png' for number in range(120)]
    complete = LabelTable.from_dense(names, labels, list('abcdefghij'))
    write_tag_table(tmp_path / 'tags.csv', complete, 'columns')
    project = new_project(tmp_path / 'tags.csv', drawn / 'photos', tmp_path / 'out', **SMALL)
    cfg = Config.fromfile(project.config)
    assert cfg.model.head.loss == dict(type='mmpretrain_mlml.BCE')
    assert project.warnings == []
    train = DATASETS.build(cfg.train_dataloader.dataset)
    assert not train.parsed.table.has_unobserved


def test_missing_images_stop_it_or_are_left_out(drawn, tmp_path):
    text = (drawn / 'tags.csv').read_text() + 'gone.png,digit 1,0\n'
    (tmp_path / 'tags.csv').write_text(text)
    table, photos = tmp_path / 'tags.csv', drawn / 'photos'
    with pytest.raises(ProjectError, match=r'1 of 121 image files are missing .*\(gone.png\)'):
        new_project(table, photos, tmp_path / 'out', **SMALL)
    project = new_project(table, photos, tmp_path / 'out', skip_missing=True, **SMALL)
    assert 'left out: 1 of 121' in project.warnings[0]
    assert '108 images for training, 12' in project.split


REFUSED = {
    'an empty table': (dict(table='empty.csv'), LabelError, 'no image'),
    'no table': (dict(table='no.csv'), FileNotFoundError, 'no .*no.csv'),
    'an output that exists': (dict(out='there'), ProjectError, 'there exists'),
    'an unknown backbone': (dict(backbone='test_resnt'), ProjectError, 'nearest: test_resnet'),
    'no folder of images': (dict(images='no'), ProjectError, 'expected the folder of the images'),
    'an unknown column': (dict(group_column='scen'), LabelError, "'scen'"),
}


@pytest.mark.parametrize('case', REFUSED)
def test_bad_input_is_refused_in_a_line_and_leaves_nothing(drawn, tmp_path, case):
    (tmp_path / 'empty.csv').write_text('image,tags\n')
    (tmp_path / 'there').mkdir()
    changes, error, message = REFUSED[case]
    places = {key: tmp_path / changes[key] for key in {'table', 'images', 'out'} & changes.keys()}
    before = sorted(tmp_path.rglob('*'))
    arguments = dict(table=drawn / 'tags.csv', images=drawn / 'photos', out=tmp_path / 'out')
    with pytest.raises(error, match=message) as caught:
        new_project(**{**arguments, **SMALL, **changes, **places})
    assert '\n' not in str(caught.value)
    assert sorted(tmp_path.rglob('*')) == before


def test_an_error_while_writing_leaves_nothing(drawn, tmp_path, monkeypatch):
    from mmpretrain_mlml.project import creation

    def full(*_, **__):
        raise OSError('the disk is full')

    monkeypatch.setattr(creation, 'config_text', full)
    with pytest.raises(OSError, match='the disk is full'):
        make(drawn, tmp_path / 'out')
    assert list(tmp_path.iterdir()) == []
