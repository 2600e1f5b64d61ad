"""The training state of real checkpoints is read with weights_only on; forged arrays are refused."""

import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from helpers.hostile import Hostile
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.optim.scheduler import param_scheduler


def test_training_state_of_mmengine_is_read_with_weights_only(tmp_path, load):
    buffer = HistoryBuffer([1.0, 2.0], [1, 1])
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.Adam(model.parameters())
    state = {'scalars': OrderedDict(loss=buffer), 'best': np.float64(3), 'count': np.int64(2)}
    schedulers = [
        param_scheduler.OneCycleParamScheduler(optimizer, 'lr', eta_max=0.1, total_steps=9),
        param_scheduler.CosineAnnealingParamScheduler(optimizer, 'lr', T_max=3),
        param_scheduler.MultiStepParamScheduler(optimizer, 'lr', milestones=[1, 2]),
        param_scheduler.PolyParamScheduler(optimizer, 'lr', end=4),
        param_scheduler.LinearParamScheduler(optimizer, 'lr', end=4),
    ]
    state['schedulers'] = [scheduler.state_dict() for scheduler in schedulers]
    torch.save(state, tmp_path / 'a.pth')
    read = load(tmp_path / 'a.pth')
    assert read['scalars']['loss'].mean() == 1.5
    assert read['scalars']['loss'].statistics('max') == 2
    assert read['best'] == 3
    schedulers[0].load_state_dict(read['schedulers'][0])
    assert read['schedulers'][0]['anneal_func'](1, 0, 1.0) == 0


def test_message_hub_of_a_real_run_is_restored(tmp_path, load):
    hub = MessageHub.get_instance('repairs-test')
    hub.update_scalar('train/loss', torch.tensor(2.0))
    hub.update_info('best_score', np.float32(7))
    torch.save(hub.state_dict(), tmp_path / 'hub.pth')
    other = MessageHub.get_instance('repairs-test-other')
    other.load_state_dict(load(tmp_path / 'hub.pth'))
    assert other.get_scalar('train/loss').current() == 2


FORGED = {
    'object array': lambda: Hostile(np.ndarray, (1,), np.dtype('O'), b'A' * 8),
    'object dtype': lambda: np.dtype('O'),
    'dtype by name': lambda: Hostile(np.ndarray, (1,), 'O', b'A' * 8),
    'structured dtype': lambda: np.zeros(2, [('a', 'f4'), ('b', 'O')]),
    'object scalar': lambda: Hostile(np.array(1.0)[()].__reduce__()[0], np.dtype('O'), b'A' * 8),
    'array of objects': lambda: np.array([object], dtype=object),
    'too few bytes': lambda: Rebuilt((1, (1000,), np.dtype('f8'), False, b'A' * 8)),
}


class Rebuilt:
    """Pickles to an array with a state of its own."""

    def __init__(self, state):
        self.state = state

    def __reduce__(self):
        return (*np.zeros(1).__reduce__()[:2], self.state)


@pytest.mark.parametrize('kind', FORGED)
def test_forged_arrays_are_refused(tmp_path, kind, load):
    torch.save({'state_dict': {}, 'x': FORGED[kind]()}, tmp_path / 'forged.pth')
    with pytest.raises(RuntimeError, match=r'forged\.pth was refused'):
        load(tmp_path / 'forged.pth')


@pytest.mark.parametrize('dtype', ['f2', 'f4', 'f8', 'i1', 'u1', 'i2', 'i8', '>f4', 'bool'])
def test_arrays_keep_their_numbers_when_read_and_written_again(tmp_path, dtype, load):
    array = np.arange(6).reshape(2, 3).T.astype(dtype)
    torch.save({'array': array, 'scalar': array[1, 1]}, tmp_path / 'x.pth')
    torch.save(load(tmp_path / 'x.pth'), tmp_path / 'again.pth')
    for path in (tmp_path / 'x.pth', tmp_path / 'again.pth'):
        read = load(path)
        assert isinstance(read['array'], np.ndarray)
        assert read['array'].dtype == array.dtype.newbyteorder('=')
        assert np.array_equal(read['array'], array)
        assert read['scalar'] == array[1, 1]
    plain = torch.load(tmp_path / 'again.pth', weights_only=False)['array']
    assert type(plain) is np.ndarray  # nothing of ours is written


def test_a_history_buffer_does_not_change_its_class(tmp_path, load):
    methods = dict(HistoryBuffer._statistics_methods)
    buffer = HistoryBuffer([1.0], [1])
    buffer._statistics_methods = {'mean': HistoryBuffer.max}
    torch.save({'loss': buffer}, tmp_path / 'x.pth')
    read = load(tmp_path / 'x.pth')['loss']
    assert type(read) is HistoryBuffer
    assert read.statistics('mean') == 1
    assert HistoryBuffer._statistics_methods == methods


@pytest.mark.parametrize('module', ['numpy.core.multiarray', 'numpy._core.multiarray'])
def test_numbers_written_under_numpy_1_and_2_are_read_under_both(tmp_path, module, load):
    array, scalar = np.arange(6.0).reshape(2, 3).T, np.float32(2.5)
    torch.save({'array': HistoryBuffer(array[0], array[0]), 'scalar': scalar}, tmp_path / 'x.pth')
    with (
        zipfile.ZipFile(tmp_path / 'x.pth') as old,
        zipfile.ZipFile(tmp_path / 'y.pth', 'w') as new,
    ):
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename.endswith('data.pkl'):
                written = np.float64(0).__reduce__()[0].__module__
                data = data.replace(f'c{written}\n'.encode(), f'c{module}\n'.encode())
                assert f'c{module}\nscalar'.encode() in data
            new.writestr(entry.filename, data)
    read = load(tmp_path / 'y.pth')
    assert read['scalar'] == scalar
    assert np.array_equal(read['array'].data[0], array[0])
