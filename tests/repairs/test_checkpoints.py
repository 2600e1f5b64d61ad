"""Checkpoints of real training are read back with weights_only on; hostile ones do nothing."""

import functools
import http.server
import importlib
import os
import pickle
import threading
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from helpers.support import make_runner
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.optim.scheduler import param_scheduler
from mmengine.runner import CheckpointLoader, Runner

import mmpretrain_mlml
from mmpretrain_mlml.repairs import checkpoints


class Hostile:
    """Pickles to a call of any function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def load(path):
    return CheckpointLoader.load_checkpoint(str(path), 'cpu')


@pytest.fixture
def marker(tmp_path):
    return tmp_path / 'marker'


def test_training_state_of_mmengine_is_read_with_weights_only(tmp_path):
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
    found = load(tmp_path / 'a.pth')
    assert found['scalars']['loss'].mean() == 1.5
    assert found['scalars']['loss'].statistics('max') == 2
    assert found['best'] == 3
    schedulers[0].load_state_dict(found['schedulers'][0])
    assert found['schedulers'][0]['anneal_func'](1, 0, 1.0) == 0


def test_message_hub_of_a_real_run_survives(tmp_path):
    hub = MessageHub.get_instance('stack-test')
    hub.update_scalar('train/loss', torch.tensor(2.0))
    hub.update_info('best_score', np.float32(7))
    torch.save(hub.state_dict(), tmp_path / 'hub.pth')
    other = MessageHub.get_instance('stack-test-other')
    other.load_state_dict(load(tmp_path / 'hub.pth'))
    assert other.get_scalar('train/loss').current() == 2


HOSTILE = {
    'a plain call': lambda marker: Hostile(open, str(marker), 'w'),
    'eval': lambda marker: Hostile(eval, f'open({str(marker)!r}, "w")'),
    'the shell': lambda marker: Hostile(os.system, f'touch {marker}'),
    'getattr on a module': lambda marker: Hostile(getattr, Hostile(__import__, 'os'), 'system'),
    'globals of an allowed method': lambda marker: Hostile(
        getattr, HistoryBuffer.mean, '__globals__'
    ),
    'an attribute of an allowed class': lambda marker: Hostile(getattr, HistoryBuffer, '__init__'),
    'a stored method of the wrong class': lambda marker: Hostile(getattr, np.ndarray, 'tofile'),
    'a subclass trick': lambda marker: Hostile(getattr, object, '__subclasses__'),
}


@pytest.mark.parametrize('kind', HOSTILE)
def test_hostile_files_are_refused_and_do_nothing(tmp_path, marker, kind):
    path = tmp_path / 'hostile.pth'
    torch.save({'state_dict': {}, 'x': HOSTILE[kind](marker)}, path)
    with pytest.raises(RuntimeError, match=r'hostile\.pth was refused: .*no code.*[Uu]nsupported'):
        load(path)
    assert not marker.exists()


def test_a_hostile_file_works_without_protection(tmp_path, marker):
    """The gadget itself is sound: otherwise its refusal would show nothing."""
    torch.save(HOSTILE['a plain call'](marker), tmp_path / 'x.pth')
    torch.load(tmp_path / 'x.pth', weights_only=False).close()
    assert marker.exists()


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
def test_forged_arrays_are_refused(tmp_path, kind):
    torch.save({'state_dict': {}, 'x': FORGED[kind]()}, tmp_path / 'forged.pth')
    with pytest.raises(RuntimeError, match=r'forged\.pth was refused'):
        load(tmp_path / 'forged.pth')


@pytest.mark.parametrize('dtype', ['f2', 'f4', 'f8', 'i1', 'u1', 'i2', 'i8', '>f4', 'bool'])
def test_arrays_of_numbers_survive_reading_and_writing_again(tmp_path, dtype):
    array = np.arange(6).reshape(2, 3).T.astype(dtype)
    torch.save({'array': array, 'scalar': array[1, 1]}, tmp_path / 'x.pth')
    torch.save(load(tmp_path / 'x.pth'), tmp_path / 'again.pth')
    for path in (tmp_path / 'x.pth', tmp_path / 'again.pth'):
        found = load(path)
        assert isinstance(found['array'], np.ndarray)
        assert found['array'].dtype == array.dtype.newbyteorder('=')
        assert np.array_equal(found['array'], array)
        assert found['scalar'] == array[1, 1]
    plain = torch.load(tmp_path / 'again.pth', weights_only=False)['array']
    assert type(plain) is np.ndarray  # nothing of ours is written


def test_a_history_buffer_does_not_change_its_class(tmp_path):
    methods = dict(HistoryBuffer._statistics_methods)
    buffer = HistoryBuffer([1.0], [1])
    buffer._statistics_methods = {'mean': HistoryBuffer.max}
    torch.save({'loss': buffer}, tmp_path / 'x.pth')
    found = load(tmp_path / 'x.pth')['loss']
    assert type(found) is HistoryBuffer
    assert found.statistics('mean') == 1
    assert HistoryBuffer._statistics_methods == methods


@pytest.mark.parametrize('module', ['numpy.core.multiarray', 'numpy._core.multiarray'])
def test_numbers_written_under_numpy_1_and_2_are_read_under_both(tmp_path, module):
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
    found = load(tmp_path / 'y.pth')
    assert found['scalar'] == scalar
    assert np.array_equal(found['array'].data[0], array[0])


def test_a_checkpoint_cannot_name_a_folder_to_delete(tmp_path):
    run, victim = tmp_path / 'run', tmp_path / 'victim'
    run.mkdir()
    victim.mkdir()
    (victim / 'work.pth').write_text('dear to somebody')
    make_runner(run).train()
    checkpoint = torch.load(run / 'epoch_3.pth', weights_only=True)
    for target in (victim, victim / 'work.pth', run):
        checkpoint['message_hub']['runtime_info']['best_ckpt'] = str(target)
        checkpoint['message_hub']['resumed_keys']['best_ckpt'] = True
        torch.save(checkpoint, run / 'epoch_3.pth')
        runner = make_runner(run)
        assert (
            'best_ckpt'
            not in runner.load_checkpoint(str(run / 'epoch_3.pth'))['message_hub']['runtime_info']
        )
    own = run / 'best_multi-label_mAP_epoch_2.pth'
    checkpoint['message_hub']['runtime_info']['best_ckpt'] = str(own)
    torch.save(checkpoint, run / 'epoch_3.pth')
    found = make_runner(run).load_checkpoint(str(run / 'epoch_3.pth'))
    assert found['message_hub']['runtime_info']['best_ckpt'] == str(own)


def test_steps_of_checkpoints_to_delete_are_numbers(tmp_path):
    victim = tmp_path / 'victim.pth'
    victim.write_text('dear to somebody')
    run = tmp_path / 'run'
    make_runner(run).train()
    (run / 'epoch_x').mkdir()
    checkpoint = torch.load(run / 'epoch_3.pth', weights_only=True)
    checkpoint['message_hub']['runtime_info']['keep_ckpt_ids'] = ['x/../../victim', 1, 2, 3]
    torch.save(checkpoint, run / 'epoch_3.pth')
    make_runner(run, resume=True, train_cfg={'max_epochs': 4}).train()
    assert victim.exists()
    assert not (run / 'epoch_1.pth').exists()  # as there are four


def test_raw_pickles_are_refused(tmp_path, marker):
    (tmp_path / 'raw.pth').write_bytes(pickle.dumps(HOSTILE['eval'](marker), protocol=2))
    with pytest.raises(RuntimeError, match='was refused'):
        load(tmp_path / 'raw.pth')
    assert not marker.exists()


def test_a_hostile_file_behind_http_is_refused(tmp_path, marker, monkeypatch):
    torch.save({'state_dict': HOSTILE['a plain call'](marker)}, tmp_path / 'served.pth')
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, 'log_message', lambda *args: None)
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'cache'))
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f'http://127.0.0.1:{server.server_port}/served.pth'
        with pytest.raises(RuntimeError, match='was refused'):
            load(url)
        server.shutdown()
    assert not marker.exists()


def test_without_a_network_the_message_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    with pytest.raises(
        RuntimeError, match=r'init_cfg\.checkpoint=FILE.*from scratch.*init_cfg=None'
    ):
        load('http://127.0.0.1:9/resnet50.pth')


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04 cut short', b'<html>', b'a text file\n'])
def test_damaged_and_missing_files_are_named(tmp_path, content):
    (tmp_path / 'bad.pth').write_bytes(content)
    with pytest.raises(RuntimeError, match=r'bad\.pth was refused') as caught:
        load(tmp_path / 'bad.pth')
    assert 'weights_only' not in str(caught.value)  # no advice to switch it off
    with pytest.raises(FileNotFoundError, match=r'none\.pth'):
        load(tmp_path / 'none.pth')


def test_a_file_cut_off_anywhere_is_refused_by_name(tmp_path):
    torch.save({'a': torch.randn(1000)}, tmp_path / 'whole.pth')
    whole = (tmp_path / 'whole.pth').read_bytes()
    for length in range(1, len(whole), 101):
        (tmp_path / 'cut.pth').write_bytes(whole[:length])
        with pytest.raises(RuntimeError, match=r'cut\.pth was refused'):
            load(tmp_path / 'cut.pth')


@pytest.mark.parametrize('content', [torch.zeros(3), [1], 'text'])
def test_what_is_no_dict_is_refused_by_name(tmp_path, content):
    torch.save(content, tmp_path / 'odd.pth')
    with pytest.raises(RuntimeError, match=r'odd\.pth was refused: .*in place of a dict'):
        load(tmp_path / 'odd.pth')


def test_a_config_inside_a_checkpoint_is_never_run(tmp_path, marker):
    make_runner(tmp_path).train()
    path = tmp_path / 'epoch_3.pth'
    checkpoint = torch.load(path, weights_only=True)
    checkpoint['meta']['config'] = f"open({str(marker)!r}, 'w')\nx = 1\n"
    torch.save(checkpoint, path)
    runner = make_runner(tmp_path, resume=True, train_cfg={'max_epochs': 4})
    runner.train()
    assert runner.epoch == 4
    assert not marker.exists()


@pytest.mark.parametrize('how', ['init_cfg', 'load_from'])
def test_weights_of_another_network_are_refused_by_name(tmp_path, how):
    path = tmp_path / 'other.pth'
    torch.save({'state_dict': {f'blocks.{i}.w': torch.zeros(1) for i in range(9)}}, path)
    changes = {'load_from': str(path)} if how == 'load_from' else {'model': {'backbone': {
        'init_cfg': {'type': 'Pretrained', 'checkpoint': str(path)}}}}  # fmt: skip
    with pytest.raises(
        RuntimeError, match=r'other\.pth does not fit the model: none of its 9 names'
    ):
        make_runner(tmp_path, **changes).train()
    state = make_runner(tmp_path / 'part').model.backbone.state_dict()
    torch.save({'conv1.weight': state['conv1.weight']}, path)  # one that fits is enough
    if how == 'init_cfg':
        make_runner(tmp_path, **changes).train()


def test_importing_twice_repairs_once():
    before = Runner.load_checkpoint
    assert importlib.import_module('mmpretrain_mlml') is mmpretrain_mlml
    assert Runner.load_checkpoint is before
    assert Runner.load_checkpoint.__wrapped__.__wrapped__.__module__ == 'mmengine.runner.runner'
    assert checkpoints.CheckpointLoader._schemes[''] is checkpoints.load_from_local
