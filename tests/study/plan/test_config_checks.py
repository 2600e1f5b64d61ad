"""What is refused in the config of a run, and in its data."""

import pytest
from helpers.study_runs import DIGITS, WIDER

from mmpretrain_mlml.study import train_study


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'train_cgf': {'max_epochs': 1}}, r"nothing reads \['train_cgf'\]"),
        ({'train_cfg': {'max_epoch': 1}}, "train_cfg: .* has no argument 'max_epoch'; did"),
        ({'model': 'x'}, "expected model to be a dict, got 'x'"),
        ({'model': {'backbone': {'type': 'Nope'}}}, "model.backbone: there is no 'Nope' in the reg"),
        ({'optim_wrapper': {'optimizer': {'type': 'Adamm'}}}, "optimizer: there is no 'Adamm'"),
        ({'param_scheduler': {'type': 'Nope'}}, "param_scheduler: there is no 'Nope'"),
        ({'train_dataloader': {'batchsize': 2}}, 'train_dataloader: .*batchsize'),
        ({'default_hooks': {'x': {'type': 'Nope'}}}, "default_hooks.x: there is no 'Nope'"),
        ({'custom_hooks': [{}]}, 'expected custom_hooks to be a dict with a type'),
        ({'val_evaluator': {'tresh': 3}}, "_evaluator: .* has no argument 'tresh'; did you mean"),
        ({'val_evaluator': {'threshold': 0.2}}, "resamples scores of .*, got {'threshold': 0.2}"),
        ({'val_evaluator': {'prefix': 'mine'}}, "resamples scores of .*, got {'prefix': 'mine'}"),
        ({'val_evaluator': None}, 'expected val_evaluator to be one .*, got None'),
        ({'a-b': 1}, r"nothing reads \['a-b'\]"),
    ],
)  # fmt: skip
def test_an_option_that_would_do_nothing_or_fail_later_is_refused(options, message, read_text):
    with pytest.raises(ValueError, match=rf'mine\.py: full_BCE_seed0: [\s\S]*{message}'):
        read_text(f'{DIGITS}options = {options}')


@pytest.mark.parametrize(
    ('change', 'message'),
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
def test_data_that_are_not_there_are_refused_before_anything_runs(
    change, message, read_text, tmp_path
):
    text = (DIGITS + WIDER).replace(*change)
    assert text != DIGITS + WIDER
    with pytest.raises(ValueError, match=rf'_seed0: {message}'):
        train_study(read_text(text).runs, tmp_path / 'out', jobs=1)
    assert not (tmp_path / 'out').exists()


def test_a_list_that_is_not_there_is_named(read_text, tmp_path, monkeypatch):
    monkeypatch.setenv('PHOTOS_ROOT', str(tmp_path))
    text = DIGITS.replace('digits', 'photos').replace("protocol='full'", "ann_file='nope.txt'")
    with pytest.raises(ValueError, match=rf'full_BCE_seed0: .*no {tmp_path}/nope\.txt'):
        train_study(read_text(text).runs, tmp_path / 'out', jobs=1)
