"""From a study file to runs, all checked before any starts."""

import pytest
from helpers import ROOT
from helpers.study_runs import DIGITS, WIDER
from mmengine.config import Config
from mmengine.config import config as config_module
from mmengine.runner import Runner
from yapf.yapflib.yapf_api import FormatCode

from mmpretrain_mlml import config
from mmpretrain_mlml.study import Run, choose, read_recovery, read_study

# those that are not read by a test of their own
STUDIES = sorted(
    file
    for file in (ROOT / 'configs/studies').glob('*.py')
    if file.stem not in ('demo', 'paper', 'paper_released', 'photos')
)


def test_every_combination_is_a_run_whole_seeds_first(read_text):
    found = read_text(DIGITS)
    assert [run.name for run in found.runs] == [
        f'{labels}_{loss}_seed{seed}'
        for seed in (0, 3)
        for labels in ('full', '0.4left')
        for loss in ('BCE', 'SPLC')
    ]
    assert (found.name, found.reference, found.full) == ('mine', 'BCE', 'full')
    assert {run.table for run in found.runs} == {''}


def test_the_written_config_is_short_and_says_what_the_run_is(read_text, monkeypatch, tmp_path):
    monkeypatch.setattr(config_module, 'FormatCode', FormatCode)  # as outside tests
    run = next(
        r for r in read_text(DIGITS + WIDER).runs if r.name == '0.4left_narrow_50images_SPLC_seed3'
    )
    assert run.table == 'narrow, 50images'
    run.write_config(tmp_path)
    file = tmp_path / 'config' / f'{run.name}.py'
    assert str(file) in run.command(tmp_path, resume=False)
    text = file.read_text()
    assert len(text.splitlines()) < 20
    assert "_base_ = __import__('mmpretrain_mlml').config('digits_full_bce.py')" in text
    cfg = Config.fromfile(file)
    assert cfg.model.head.loss == {'type': 'mmpretrain_mlml.SPLC', 'tau': 0.9}
    assert (cfg.model.backbone.base_channels, cfg.model.backbone.stem_channels) == (4, 16)
    dataset = cfg.train_dataloader.dataset
    assert (dataset.protocol, dataset.indices, dataset.type) == (
        '0.4left', 50, 'mmpretrain_mlml.DigitScenes',
    )  # fmt: skip
    assert cfg.test_dataloader.dataset.size == cfg.val_dataloader.dataset.size == 40
    assert (cfg.randomness.seed, cfg.train_cfg.max_epochs) == (3, 2)
    assert Run('same', str(file)).fingerprint == run.fingerprint


def test_where_the_data_lie_is_no_part_of_a_fingerprint_but_what_runs_is(tmp_path, monkeypatch):
    def fingerprints():
        study = read_study(config('studies/photos.py'))
        return [run.fingerprint for run in study.runs]

    monkeypatch.setenv('PHOTOS_ROOT', '/one')
    first = fingerprints()
    assert len(set(first)) == len(first) == 21
    monkeypatch.setenv('PHOTOS_ROOT', '/other')
    assert fingerprints() == first


def test_a_base_of_ones_own_stands_beside_the_study(read_text, tmp_path):
    (tmp_path / 'own.py').write_text(
        f"_base_ = '{config('digits_full_hill.py')}'\nlog_level = 'ERROR'"
    )
    run = read_text(DIGITS.replace('digits_full_bce.py', 'own.py')).runs[0]
    assert run.content.log_level == 'ERROR'
    assert run.content.model.head.loss == {'type': 'mmpretrain_mlml.BCE'}


def test_a_base_that_is_not_there_is_named(read_text):
    with pytest.raises(FileNotFoundError, match=r"mine\.py: base = 'digit\.py' is neither"):
        read_text(DIGITS.replace('digits_full_bce.py', 'digit.py'))


def test_a_pattern_chooses_runs_and_one_of_none_is_refused(read_text):
    found = read_text(DIGITS)
    assert [run.name for run in choose(found.runs, ['full_*_seed3'])] == [
        'full_BCE_seed3', 'full_SPLC_seed3',
    ]  # fmt: skip
    assert choose(found.runs, []) == found.runs
    with pytest.raises(ValueError, match="no run matches 'Hill'; there are full_BCE_seed0"):
        choose(found.runs, ['*BCE*', 'Hill'])


@pytest.mark.parametrize('name', ['paper', 'paper_released'])
def test_the_study_of_the_paper_is_its_recipe_in_every_cell(name, tmp_path, monkeypatch):
    monkeypatch.delenv('COCO_ROOT', raising=False)
    runs = read_study(config(f'studies/{name}.py')).runs
    assert len(runs) == 28
    shipped = {'BCE': 'bce', 'Focal': 'focal', 'ASL': 'asl', 'Hill': 'hill', 'SPLC': 'splc'}
    for run in runs:
        cfg = run.content
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
    (run,) = choose(read_study(config('studies/paper.py')).runs, [name])
    cfg = run.content
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


def test_only_the_runs_that_a_study_names_are_planned(read_text):
    found = read_text(f"{DIGITS}only = ['full_BCE_*', '0.4left_*_seed3']")
    assert [run.name for run in found.runs] == [
        'full_BCE_seed0', 'full_BCE_seed3', '0.4left_BCE_seed3', '0.4left_SPLC_seed3',
    ]  # fmt: skip
    with pytest.raises(
        ValueError, match=r"mine\.py: only: no run matches 'Hill'; there are full_BCE"
    ):
        read_text(f"{DIGITS}only = ['*BCE*', 'Hill']")


def test_a_combination_that_is_not_run_need_not_work(read_text):
    losses = DIGITS.replace('losses = {', "losses = {'None': dict(type='Nope'), ")
    with pytest.raises(ValueError, match='cannot build the loss'):
        read_text(losses)
    assert len(read_text(f"{losses}only = ['*_BCE_*']").runs) == 4


def test_labels_are_dropped_by_one_seed_or_by_that_of_the_run(read_text):
    def seeds(text):
        return [run.content.train_dataloader.dataset.seed for run in read_text(text).runs]

    assert seeds(DIGITS) == [0] * 8  # that of the base
    assert seeds(f'{DIGITS}labels_follow_seed = True') == [0] * 4 + [3] * 4


def test_seeds_may_be_given_instead_of_those_in_the_file(read_text):
    assert [run.seed for run in read_text(DIGITS, seeds=[7]).runs] == [7] * 4
    with pytest.raises(ValueError, match='distinct whole numbers'):
        read_text(DIGITS, seeds=[1, 1])


@pytest.mark.parametrize('file', STUDIES, ids=lambda file: file.stem)
def test_each_shipped_study_passes_its_checks(file):
    assert read_study(file).runs


def test_the_demo_trains_the_four_shipped_configs():
    """The figures in the README are of these runs, drop seed and hook included."""
    runs = read_study(config('studies/demo.py'), seeds=[5]).runs
    assert [run.name for run in runs] == [
        'full_BCE_seed5', '0.4left_BCE_seed5', '0.4left_Hill_seed5', '0.4left_SPLC_seed5',
    ]  # fmt: skip
    for run in runs:
        leaf = Config.fromfile(config(f'digits_{run.labels}_{run.loss.lower()}.py'))
        leaf.merge_from_dict(
            {
                'randomness.seed': 5,
                'train_dataloader.dataset.seed': 5,
                'default_hooks.recovery.type': 'mmpretrain_mlml.LabelRecoveryHook',
                'default_hooks.recovery.full_labels.protocol': 'full',
            }
        )
        assert run.content.to_dict() == leaf.to_dict()
