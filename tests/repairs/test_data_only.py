"""Plain data comes out of a checkpoint as it went in, and a user's own allowed names stay theirs."""

import datetime
import pathlib
from collections import Counter, OrderedDict, defaultdict, deque

import numpy as np
import pytest
import torch
from helpers.hostile import HOSTILE, Hostile
from mmengine.config import ConfigDict
from mmengine.logging import HistoryBuffer
from torch.serialization import get_safe_globals

from mmpretrain_mlml.repairs.data_only import reading_data

UTC = datetime.timezone.utc
HOUR = datetime.timedelta(hours=1, microseconds=5)
STRUCTURE = np.dtype(
    {'names': ['a', 'b'], 'formats': ['>f4', ('U2', (2,))], 'offsets': [4, 8], 'itemsize': 32}
)
VALUES = {
    'text array': np.array(['a', 'bcd', 'ü']),
    'bytes array': np.array([b'a', b'bcd']),
    'complex array': np.array([1 + 2j, 3], np.complex64),
    'structured array': np.array([(1, ['a', 'b']), (2, ['c', 'd'])], STRUCTURE),
    'aligned structure': np.zeros(2, np.dtype([('a', 'i1'), ('b', 'f8')], align=True)),
    'titled structure': np.zeros(2, np.dtype([(('A title', 'a'), 'i4')])),
    'times': np.array(['2026-01-01', 'NaT'], 'M8[D]'),
    'durations': np.array([1, 2], 'm8[25us]'),
    'raw bytes array': np.zeros(3, 'V5'),
    'big-endian array': np.arange(6, dtype='>i4').reshape(2, 3),
    'Fortran order': np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    'no elements': np.zeros((0, 3), np.float32),
    'no dimensions': np.array(2.5),
    'text scalar': np.str_('abc'),
    'complex scalar': np.complex128(1 + 2j),
    'boolean scalar': np.bool_(True),
    'time scalar': np.datetime64('2026-01-01T10:00', 's'),
    'structured scalar': np.array([(1, ['a', 'b'])], STRUCTURE)[0],
    'dtype': np.dtype('>f4'),
    'structured dtype': STRUCTURE,
    'path': pathlib.Path('/a/b.txt'),
    'pure paths': [pathlib.PurePosixPath('a'), pathlib.PureWindowsPath('C:/a')],
    'datetime': datetime.datetime(2026, 11, 28, 20, 15, tzinfo=UTC),
    'naive datetime': datetime.datetime(2026, 11, 28, 20, 15, fold=1),
    'named zone': datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone(HOUR, 'here')),
    'date and time': (datetime.date(2026, 1, 1), datetime.time(10, 30)),
    'duration': HOUR,
    'defaultdict': defaultdict(list, {'a': [1], 'b': [np.arange(2)]}),
    'other defaultdicts': [defaultdict(None), defaultdict(int, a=1), defaultdict(set, a={1})],
    'deque': deque([1, np.arange(2)], maxlen=3),
    'ConfigDict': ConfigDict(a=1, b=ConfigDict(c=[ConfigDict(d=np.arange(2))])),
    'containers': [OrderedDict(b=1, a=2), Counter('abb'), {1, 2}, frozenset({1}), (1, (2,))],
    'builtins': [b'', b'\x00\xff', bytearray(b'a'), range(1, 9, 2), slice(1, None), 1j, 2**80],
    'classes': [int, list, np.ndarray, np.float32, np.dtype, HistoryBuffer, deque],
    'array in a tuple': (np.arange(2), {'a': (np.arange(2),)}),
    'dtype as a key': {np.dtype('f4'): 1, 'a': np.arange(2)},
    'set of dtypes': {np.dtype('f4'), 'a'},
}  # fmt: skip


def assert_same(read, written):
    """Compare values and types throughout."""
    assert type(read) is type(written)
    if isinstance(written, np.ndarray):
        assert read.dtype == written.dtype
        assert read.dtype.fields == written.dtype.fields
        assert read.flags.writeable
        np.testing.assert_array_equal(read, written)
    elif isinstance(written, dict):
        assert list(read) == list(written)
        assert getattr(read, 'default_factory', 0) is getattr(written, 'default_factory', 0)
        for key in written:
            assert_same(read[key], written[key])
    elif isinstance(written, list | tuple | deque):
        assert len(read) == len(written)
        assert getattr(read, 'maxlen', 0) == getattr(written, 'maxlen', 0)
        for one, other in zip(read, written, strict=True):
            assert_same(one, other)
    else:
        assert read == written


@pytest.mark.parametrize('kind', VALUES)
def test_plain_data_comes_back_equal_in_type_and_value(tmp_path, kind, load):
    torch.save({'meta': {'value': VALUES[kind]}}, tmp_path / 'x.pth')
    expected = torch.load(tmp_path / 'x.pth', weights_only=False)
    assert_same(load(tmp_path / 'x.pth'), expected)


def test_what_is_shared_or_refers_to_itself_stays_so(tmp_path, load):
    array = np.arange(3)
    tree = {'a': array, 'b': [array, (array,)]}
    tree['itself'] = tree
    torch.save(tree, tmp_path / 'x.pth')
    read = load(tmp_path / 'x.pth')
    assert read['itself'] is read
    assert read['a'] is read['b'][0]
    assert read['a'] is read['b'][1][0]


REFUSED = {
    'factory that is a function': lambda: Hostile(defaultdict, len),
    'call of a class': lambda: Hostile(list, 'abc'),
    'path of objects': lambda: Hostile(pathlib.PosixPath, 1),
    'datetime of text': lambda: Hostile(datetime.datetime, 'x'),
    'datetime in a zone of its own': lambda: Hostile(datetime.datetime, b'0123456789', 'zone'),
    'frozenset of a call': lambda: Hostile(frozenset, {'a': 1}),
    'dtype of objects in a structure': lambda: np.dtype([('a', 'O')]),
    'subarray of objects': lambda: np.dtype(('O', (2,))),
}


@pytest.mark.parametrize('kind', REFUSED)
def test_other_uses_of_these_classes_are_refused(tmp_path, kind, load):
    torch.save({'x': REFUSED[kind]()}, tmp_path / 'x.pth')
    with pytest.raises(RuntimeError, match=r'x\.pth was refused'):
        load(tmp_path / 'x.pth')


class Mine:
    """A class that a user has allowed."""

    def __init__(self, value):
        self.value = value


@pytest.fixture
def allowed():
    """What users are told to allow, as many do."""
    added = [getattr, np.ndarray, np.dtype, HistoryBuffer, Mine,
             type(np.dtype('f8')), type(np.dtype('i8')),
             np.array(0).__reduce__()[0], np.float64(0).__reduce__()[0]]  # fmt: skip
    with torch.serialization.safe_globals(added):
        yield set(get_safe_globals())


@pytest.mark.parametrize('attempt', range(3))
def test_names_that_a_user_has_allowed_stay_allowed(tmp_path, allowed, attempt, load):
    path, state = (
        tmp_path / 'x.pth',
        {'loss': HistoryBuffer([1.0], [1]), 'mine': Mine(np.arange(2))},
    )
    torch.save(state, path)
    own = torch.load(path, weights_only=True)  # does not meet a stand-in
    assert type(own['mine'].value) is np.ndarray
    assert own['loss'].mean() == 1
    read = load(path)
    assert type(read['loss']) is HistoryBuffer
    assert type(read['mine'].value) is np.ndarray
    assert set(get_safe_globals()) == allowed


def test_an_allowed_getattr_does_not_let_files_run_code(tmp_path, marker, allowed, load):
    torch.save({'x': HOSTILE['globals of an allowed method'](marker)}, tmp_path / 'x.pth')
    with pytest.raises(RuntimeError, match=r'x\.pth was refused'):
        load(tmp_path / 'x.pth')


def test_nothing_is_allowed_outside_of_loading(tmp_path, load):
    before = set(get_safe_globals())
    with torch.serialization.safe_globals([]):
        with reading_data(), reading_data():
            torch.serialization.add_safe_globals([Mine])
        assert set(get_safe_globals()) == before | {Mine}  # allowed meanwhile, by another thread
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(list(before))
    (tmp_path / 'x.pth').write_text('no checkpoint')
    with pytest.raises(RuntimeError, match='was refused'):
        load(tmp_path / 'x.pth')
    assert set(get_safe_globals()) == before
