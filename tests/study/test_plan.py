"""From a study file to runs, all checked before any starts."""

import pytest
from mmengine.config import Config
from mmengine.runner import Runner

from mmpretrain_mlml import config
from mmpretrain_mlml.study import read_recovery
from mmpretrain_mlml.study.plan import read_study
from mmpretrain_mlml.study.study import choose, train_study

SMALL = """
base = 'digits_full_bce.py'
losses = {'BCE': dict(type='mmpretrain_mlml.BCE'), 'SPLC': dict(type='mmpretrain_mlml.SPLC')}
labels = {'full': dict(protocol='full'), '0.4left': dict(protocol='0.4left')}
seeds = [0, 3]
"""
WIDE = """
backbones = {'narrow': dict(backbone=dict(base_channels=4), head=dict(in_channels=32)), 'wide': {}}
images = [50, 100]
exceptions = {'0.4left': {'SPLC': dict(tau=0.9)}}
options = dict(val_dataloader=dict(dataset=dict(size=40)), train_cfg=dict(max_epochs=2))
"""


@pytest.fixture
def study(tmp_path):
    def read(text):
        path = tmp_path / 'mine.py'
        path.write_text(text)
        return read_study(path)

    return read


def test_every_combination_is_a_run_whole_seeds_first(study):
    found = study(SMALL)
    assert [run.name for run in found.runs] == [
        f'{labels}_{loss}_seed{seed}'
        for seed in (0, 3)
        for labels in ('full', '0.4left')
        for loss in ('BCE', 'SPLC')
    ]
    assert (found.name, found.reference, found.full) == ('mine', 'BCE', 'full')
    assert {run.table for run in found.runs} == {''}


def test_the_written_config_is_short_and_says_what_the_run_is(study, tmp_path):
    run = next(
        r for r in study(SMALL + WIDE).runs if r.name == '0.4left_narrow_50images_SPLC_seed3'
    )
    assert run.table == 'narrow, 50images'
    written = run.write(tmp_path)
    text = (tmp_path / run.name / 'config' / f'{run.name}.py').read_text()
    assert len(text.splitlines()) < 20
    assert "_base_ = __import__('mmpretrain_mlml').config('digits_full_bce.py')" in text
    cfg = Config.fromfile(written.config)
    assert cfg.model.head.loss == {'type': 'mmpretrain_mlml.SPLC', 'tau': 0.9}
    assert (cfg.model.backbone.base_channels, cfg.model.backbone.stem_channels) == (4, 16)
    dataset = cfg.train_dataloader.dataset
    assert (dataset.protocol, dataset.indices, dataset.type) == (
        '0.4left', 50, 'mmpretrain_mlml.DigitScenes',
    )  # fmt: skip
    assert cfg.test_dataloader.dataset.size == cfg.val_dataloader.dataset.size == 40
    assert (cfg.randomness.seed, cfg.train_cfg.max_epochs) == (3, 2)
    assert written.fingerprint == run.fingerprint


def test_where_the_data_lie_is_no_part_of_a_fingerprint_but_what_runs_is(tmp_path, monkeypatch):
    def prints():
        study = read_study(config('studies/photos.py'))
        return [run.fingerprint for run in study.runs]

    monkeypatch.setenv('PHOTOS_ROOT', '/one')
    first = prints()
    assert len(set(first)) == len(first) == 21
    monkeypatch.setenv('PHOTOS_ROOT', '/other')
    assert prints() == first


def test_a_base_of_ones_own_stands_beside_the_study(study, tmp_path):
    (tmp_path / 'own.py').write_text(
        f"_base_ = '{config('digits_full_hill.py')}'\nlog_level = 'ERROR'"
    )
    run = study(SMALL.replace('digits_full_bce.py', 'own.py')).runs[0]
    assert run.config.log_level == 'ERROR'
    assert run.config.model.head.loss == {'type': 'mmpretrain_mlml.BCE'}


@pytest.mark.parametrize(
    ('change', 'said'),
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
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused(change, said, study):
    text = SMALL.replace(*change)
    assert text != SMALL
    with pytest.raises(ValueError, match=said):
        study(text)


@pytest.mark.parametrize(
    ('options', 'said'),
    [
        ({'train_cgf': {'max_epochs': 1}}, r"nobody reads \['train_cgf'\]"),
        ({'train_cfg': {'max_epoch': 1}}, 'train_cfg: EpochBasedTrainLoop got an unexpected .*epoch'),
        ({'model': 'x'}, "expected model to be a dict, got 'x'"),
        ({'model': {'backbone': {'type': 'Nope'}}}, "model.backbone: there is no 'Nope' in the reg"),
        ({'optim_wrapper': {'optimizer': {'type': 'Adamm'}}}, "optimizer: there is no 'Adamm'"),
        ({'param_scheduler': {'type': 'Nope'}}, "param_scheduler: there is no 'Nope'"),
        ({'train_dataloader': {'batchsize': 2}}, 'train_dataloader: .*batchsize'),
        ({'default_hooks': {'x': {'type': 'Nope'}}}, "default_hooks.x: there is no 'Nope'"),
        ({'custom_hooks': [{}]}, 'expected custom_hooks to be a dict with a type'),
        ({'val_evaluator': {'tresh': 3}}, 'val_evaluator: .*unexpected keyword argument .tresh'),
        ({'val_evaluator': {'threshold': 0.2}}, "resamples scores of .*, got {'threshold': 0.2}"),
        ({'val_evaluator': {'prefix': 'mine'}}, "resamples scores of .*, got {'prefix': 'mine'}"),
        ({'val_evaluator': None}, 'expected val_evaluator to be one .*, got None'),
        ({'a-b': 1}, 'SyntaxError'),
    ],
)  # fmt: skip
def test_an_option_that_would_do_nothing_or_fail_later_is_refused(options, said, study):
    with pytest.raises(ValueError, match=rf'mine\.py: full_BCE_seed0: [\s\S]*{said}'):
        study(f'{SMALL}options = {options}')


@pytest.mark.parametrize(
    ('change', 'said'),
    [
        (("protocol='0.4left'", "protocol='0.3'"), "train_dataloader.dataset: unknown protocol '0.3'"),
        (("protocol='0.4left'", "protocl='0.4left'"), 'train_dataloader.dataset: .*protocl'),
        (('images = [50, 100]', 'images = [50, 99999]'), 'expected 99999 training images, got 27000'),
        (('size=40', 'sise=40'), 'val_dataloader.dataset: .*sise'),
        (('options = dict(', "options = dict(default_hooks=dict(recovery=dict(type='mmpretrain_mlml."
          "LabelRecoveryHook', full_labels=dict(protocol='ful'))), "),
         "default_hooks.recovery.full_labels: unknown protocol 'ful'"),
    ],
)  # fmt: skip
def test_data_that_are_not_there_are_refused_before_anything_runs(change, said, study, tmp_path):
    text = (SMALL + WIDE).replace(*change)
    assert text != SMALL + WIDE
    with pytest.raises(ValueError, match=rf'_seed0: {said}'):
        train_study(study(text).runs, tmp_path / 'out', jobs=1)
    assert not (tmp_path / 'out').exists()


def test_a_list_that_is_not_there_is_named(study, tmp_path, monkeypatch):
    monkeypatch.setenv('PHOTOS_ROOT', str(tmp_path))
    text = SMALL.replace('digits', 'photos').replace("protocol='full'", "ann_file='nope.txt'")
    with pytest.raises(ValueError, match=rf'full_BCE_seed0: .*no {tmp_path}/nope\.txt'):
        train_study(study(text).runs, tmp_path / 'out', jobs=1)


def test_two_runs_of_one_name_are_refused(study):
    text = SMALL.replace("'full': ", "'0.4left_a': ").replace("'SPLC': ", "'a_BCE': ")
    with pytest.raises(ValueError, match=r"several runs called \['0\.4left_a_BCE_seed0'"):
        study(text)


def test_a_base_that_is_not_there_is_named(study):
    with pytest.raises(FileNotFoundError, match=r"mine\.py: base = 'digit\.py' is neither"):
        study(SMALL.replace('digits_full_bce.py', 'digit.py'))


def test_a_pattern_chooses_runs_and_one_of_none_is_refused(study):
    found = study(SMALL)
    assert [run.name for run in choose(found, ['full_*_seed3'])] == [
        'full_BCE_seed3', 'full_SPLC_seed3',
    ]  # fmt: skip
    assert choose(found, []) == found.runs
    with pytest.raises(ValueError, match="no run matches 'Hill'; there are full_BCE_seed0"):
        choose(found, ['*BCE*', 'Hill'])


@pytest.mark.parametrize('name', ['paper', 'paper_released'])
def test_the_study_of_the_paper_is_its_recipe_in_every_cell(name, tmp_path, monkeypatch):
    monkeypatch.delenv('COCO_ROOT', raising=False)
    runs = read_study(config(f'studies/{name}.py')).runs
    assert len(runs) == 28
    shipped = {'BCE': 'bce', 'Focal': 'focal', 'ASL': 'asl', 'Hill': 'hill', 'SPLC': 'splc'}
    for run in runs:
        cfg = run.config
        assert cfg.model.head.loss.reduction == 'sum'
        assert (cfg.model.head.loss.get('tau') == 0.65) == (
            (run.labels, run.loss) == ('0.75left', 'SPLC')
        )
        if name == 'paper_released':
            list_ = 'singlelabel' if run.labels == 'single' else run.labels
            assert cfg.train_dataloader.dataset.ann_file == f'coco_train_{list_}.txt'
        recovery = cfg.default_hooks.pop('recovery')
        assert recovery.type == 'mmpretrain_mlml.LabelRecoveryHook'
        full = next(run for run in runs if run.labels == 'full').overrides['train_dataloader']
        assert dict(recovery.full_labels).items() <= full['dataset'].items()
        if name == 'paper' and run.loss in shipped:  # the very config that is shipped, watched
            leaf = Config.fromfile(config(f'coco_{run.labels}_{shipped[run.loss]}.py'))
            assert cfg.to_dict() == leaf.to_dict()


@pytest.mark.parametrize('name', ['0.75left_SPLC_seed0', 'single_WAN_seed0', '0.4left_ANLS_seed0'])
def test_a_run_of_the_paper_trains_a_step(name, coco_root, tmp_path, monkeypatch):
    monkeypatch.setenv('COCO_ROOT', str(coco_root))
    (run,) = choose(read_study(config('studies/paper.py')), [name])
    cfg = run.config
    cfg.work_dir = cfg.experiment_name = str(tmp_path)
    cfg.log_level = 'ERROR'
    cfg.model.backbone.init_cfg = None
    cfg.train_dataloader.update(batch_size=2, num_workers=0, persistent_workers=False)
    cfg.train_dataloader.dataset.indices = [5, 6]
    for key in ('dataloader', 'cfg', 'evaluator'):
        cfg[f'val_{key}'] = cfg[f'test_{key}'] = None
    cfg.default_hooks.checkpoint = None
    cfg.train_cfg = {'by_epoch': True, 'max_epochs': 1}
    runner = Runner.from_cfg(cfg)
    runner.train()
    assert runner.iter == 1
    assert runner.message_hub.get_scalar('train/loss').current() > 0
    if 'SPLC' in name:
        (counted,) = read_recovery(tmp_path)
        assert counted['images'] == 2
        assert sum(counted['missing']) > 0
