"""Hostile, damaged and missing checkpoints: each is refused by name, and none runs code."""

import functools
import http.server
import pickle
import threading
from urllib.error import URLError

import mmengine.runner.checkpoint as mmengine_checkpoint
import pytest
import torch
from helpers.hostile import HOSTILE
from mmengine.runner import CheckpointLoader

from mmpretrain_mlml.repairs.loading import CODE_ALLOWED, load_from_local


@pytest.mark.parametrize('kind', HOSTILE)
def test_hostile_files_are_refused_and_do_nothing(tmp_path, marker, kind, load):
    path = tmp_path / 'hostile.pth'
    torch.save({'state_dict': {}, 'x': HOSTILE[kind](marker)}, path)
    with pytest.raises(RuntimeError, match=r'hostile\.pth was refused: .*no code.*[Uu]nsupported'):
        load(path)
    assert not marker.exists()


def test_a_hostile_file_works_without_protection(tmp_path, marker, load):
    """The file does run code; otherwise its refusal would prove nothing."""
    torch.save(HOSTILE['a plain call'](marker), tmp_path / 'x.pth')
    torch.load(tmp_path / 'x.pth', weights_only=False).close()
    assert marker.exists()


def test_raw_pickles_are_refused(tmp_path, marker, load):
    (tmp_path / 'raw.pth').write_bytes(pickle.dumps(HOSTILE['eval'](marker), protocol=2))
    with pytest.raises(RuntimeError, match='was refused'):
        load(tmp_path / 'raw.pth')
    assert not marker.exists()


def test_a_hostile_file_behind_http_is_refused(tmp_path, marker, monkeypatch, load):
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


def test_a_failed_download_is_the_error_of_torch(tmp_path, monkeypatch, load):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    with pytest.raises(URLError, match='refused'):
        load('http://127.0.0.1:9/resnet50.pth')
    with pytest.raises(KeyError, match='no_such_net'):
        load('torchvision://no_such_net')


def test_load_url_takes_what_torchs_function_takes(tmp_path):
    torch.save({'a': 1}, tmp_path / 'x.pth')
    url = (tmp_path / 'x.pth').as_uri()
    for arguments in (
        (url, str(tmp_path), 'cpu', False),
        (url, str(tmp_path), 'cpu', False, False),
    ):
        assert mmengine_checkpoint.load_url(*arguments) == {'a': 1}
    assert mmengine_checkpoint.load_url(url=url, model_dir=str(tmp_path)) == {'a': 1}


@pytest.mark.parametrize('content', [b'', b'PK\x03\x04 cut short', b'<html>', b'a text file\n'])
def test_damaged_and_missing_files_are_named(tmp_path, content, load):
    (tmp_path / 'bad.pth').write_bytes(content)
    with pytest.raises(RuntimeError, match=r'bad\.pth was refused') as caught:
        load(tmp_path / 'bad.pth')
    assert 'weights_only' not in str(caught.value)  # no advice to switch it off
    with pytest.raises(FileNotFoundError, match=r'none\.pth'):
        load(tmp_path / 'none.pth')


def test_a_file_cut_off_anywhere_is_refused_by_name(tmp_path, load):
    torch.save({'a': torch.randn(1000)}, tmp_path / 'whole.pth')
    whole = (tmp_path / 'whole.pth').read_bytes()
    for length in range(1, len(whole), 101):
        (tmp_path / 'cut.pth').write_bytes(whole[:length])
        with pytest.raises(RuntimeError, match=r'cut\.pth was refused'):
            load(tmp_path / 'cut.pth')


@pytest.mark.parametrize('content', [torch.zeros(3), [1, None], 'text'])
def test_what_is_no_dict_is_loaded_by_mmengine_and_refused_as_weights(tmp_path, content, load):
    torch.save(content, tmp_path / 'odd.pth')
    read = load(tmp_path / 'odd.pth')
    assert type(read) is type(content)
    assert torch.equal(read, content) if isinstance(read, torch.Tensor) else read == content
    with pytest.raises(
        RuntimeError, match=r'odd\.pth was refused: it holds a .* in place of a dict'
    ):
        load_from_local(tmp_path / 'odd.pth')


def test_the_environment_variable_of_torch_is_the_users_decision(
    tmp_path, marker, monkeypatch, load, caplog
):
    """Stock loaders obey it, with a warning; the functions of this package do not."""
    path = tmp_path / 'hostile.pth'
    torch.save({'state_dict': HOSTILE['the shell'](marker)}, path)
    monkeypatch.setenv(CODE_ALLOWED, '1')
    with pytest.raises(RuntimeError, match='was refused'):
        load_from_local(path)
    assert not marker.exists()
    with pytest.warns(UserWarning, match='TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD'):
        load(path)
    assert marker.exists()
    marker.unlink()
    with caplog.at_level('WARNING', 'mmengine'):
        mmengine_checkpoint.load_url(path.as_uri(), str(tmp_path))
    assert marker.exists()


def test_a_loader_of_the_user_is_left_alone(tmp_path, monkeypatch):
    schemes = dict(CheckpointLoader._schemes)
    monkeypatch.setattr(CheckpointLoader, '_schemes', schemes)

    def load_from_mine(filename, map_location=None):
        raise KeyError(filename)

    CheckpointLoader.register_scheme('mine://', load_from_mine)
    with pytest.raises(KeyError, match=r'mine://x\.pth'):
        CheckpointLoader.load_checkpoint(filename='mine://x.pth', map_location='cpu')
