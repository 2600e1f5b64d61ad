"""Errors of a user end in one line; bugs keep their traceback."""

import errno
import gc
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from mmengine.config import Config
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmpretrain.registry import DATASETS, HOOKS, MODELS
from torch.utils.data import DataLoader

from mmpretrain_mlml.datasets.missing_label import SampleError
from mmpretrain_mlml.labels import LabelError
from mmpretrain_mlml.losses import Hill
from mmpretrain_mlml.runtime.user_errors import is_users, one_line, user_errors_in_one_line


def fail(error):
    raise error


class Unreadable(torch.utils.data.Dataset):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        raise SampleError('image 3.jpg (list.txt:4): got 0 bytes')


class Buggy:
    def __init__(self):
        self.nope  # noqa: B018


USERS = {
    'a value that our code refuses': lambda: Hill(lamb='x', reduction='nope'),
    'a label': lambda: fail(LabelError('list.txt:3', 'x', 'a number')),
    'an image, read by a worker': lambda: list(DataLoader(Unreadable(), num_workers=1)),
    'a missing file': lambda: Path('/nowhere').read_text(),
    'a full disk': lambda: fail(OSError(errno.ENOSPC, 'No space left on device')),
    'a server that does not answer': lambda: fail(
        ConnectionRefusedError(111, 'Connection refused')
    ),
    'a key that a config lacks': lambda: Config({'a': 1}).model,
    'a missing config': lambda: Config.fromfile('/nowhere.py'),
    'an unknown part': lambda: HOOKS.build({'type': 'Nope'}),
    'an unknown argument': lambda: HOOKS.build({'type': 'LoggerHook', 'x': 1}),
    'an unknown argument of a loss': lambda: MODELS.build(
        {'type': 'mmpretrain_mlml.SPLC', 'tou': 1}
    ),
    'a value that torch refuses': lambda: torch.optim.Adam([torch.zeros(1)], lr=-1),
    'a value that MMEngine refuses': lambda: EpochBasedTrainLoop(None, None, max_epochs=1.5),
    'an unknown argument of a loop': lambda: Runner.build_train_loop(
        SimpleNamespace(_train_dataloader=None), {'by_epoch': True, 'max_epoch': 3}
    ),
    'a part of a data set': lambda: DATASETS.build(
        {'type': 'mmpretrain_mlml.DigitScenes', 'split': 'train', 'size': 5, 'protocol': '0.3'}
    ),
}
BUGS = {
    'an error of this file': lambda: fail(ValueError('x')),
    'a mistake in a call': lambda: Hill()('x'),
    'a shape that torch does not expect': lambda: torch.zeros(2) + torch.zeros(3),
    'an attribute that a network lacks': lambda: torch.nn.Linear(1, 1).nope,
    "a bug in a part of one's own": lambda: HOOKS.build({'type': Buggy}),
    'a method to be defined': lambda: fail(NotImplementedError('x')),
    'a key of this file': lambda: {}['x'],
}


def error_of(function) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        function()
    error = caught.value
    error.__traceback__ = error.__traceback__.tb_next  # without this function, as in the tools
    return error


@pytest.mark.parametrize('name', USERS)
def test_an_error_of_the_user(name):
    error = error_of(USERS[name])
    assert is_users(error)
    assert one_line(error)
    assert '\n' not in one_line(error)


@pytest.mark.parametrize('name', BUGS)
def test_a_bug(name):
    assert not is_users(error_of(BUGS[name]))


def test_the_line_has_what_the_error_says():
    unreadable = error_of(USERS['an image, read by a worker'])
    assert one_line(unreadable) == 'image 3.jpg (list.txt:4): got 0 bytes'
    assert one_line(ValueError('two\n  lines')) == 'two lines'
    assert one_line(KeyError('Nope is not')) == 'KeyError: Nope is not'
    assert one_line(AssertionError()) == 'AssertionError'


# MMEngine leaves its temporary file to the error's traceback.
@pytest.mark.filterwarnings('ignore:unclosed file:ResourceWarning')
@pytest.mark.parametrize(
    ('text', 'said'),
    [
        ('x = 1\nmodel = dict(', "2: SyntaxError: '(' was never closed"),
        ('x = 1\ny = nowhere + 1', "2: NameError: name 'nowhere' is not defined"),
        ("x = 1\n\ny = {}['a']", '3: KeyError: a'),
    ],
)
def test_an_error_in_a_config_names_file_and_line(text, said, tmp_path):
    base, path = tmp_path / 'base.py', tmp_path / 'mine.py'
    base.write_text(text)
    path.write_text("_base_ = 'base.py'\n")
    error = error_of(lambda: Config.fromfile(path))
    assert is_users(error)
    assert one_line(error) == f'{base}:{said}'
    del error
    gc.collect()  # while the warning is ignored


def test_the_process_ends_with_the_line(capsys, monkeypatch):
    monkeypatch.delenv('MLML_TRACEBACK', raising=False)
    with pytest.raises(SystemExit) as end, user_errors_in_one_line():
        fail(FileNotFoundError('no list.txt'))
    assert end.value.code == 1
    assert capsys.readouterr().err == 'error: no list.txt (MLML_TRACEBACK=1 shows the traceback)\n'


def test_of_several_processes_each_says_which_it_is(capsys, monkeypatch):
    monkeypatch.setenv('WORLD_SIZE', '4')
    monkeypatch.setenv('RANK', '2')
    with pytest.raises(SystemExit), user_errors_in_one_line():
        fail(FileNotFoundError('no list.txt'))
    assert capsys.readouterr().err.startswith('error in process 2 of 4: no list.txt')


def test_the_traceback_is_shown_on_request_and_for_bugs(monkeypatch):
    with pytest.raises(KeyError), user_errors_in_one_line():
        fail(KeyError('x'))
    monkeypatch.setenv('MLML_TRACEBACK', '1')
    with pytest.raises(FileNotFoundError), user_errors_in_one_line():
        fail(FileNotFoundError('no list.txt'))


def test_control_characters_of_a_message_become_codes():
    assert one_line(ValueError('\x1b[31ma\nb')) == '\\x1b[31ma b'
    assert str(LabelError('a\x1b.txt:1', '\x07', 'x')) == 'a\\x1b.txt:1: got \\x07; expected x'
