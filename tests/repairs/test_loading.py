"""Hostile, damaged and missing checkpoints: each is refused by name, and none runs code."""

import functools
import http.server
import pickle
import threading

import pytest
import torch
from helpers.hostile import HOSTILE


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


def test_without_a_network_the_message_says_what_to_do(tmp_path, monkeypatch, load):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    with pytest.raises(
        RuntimeError, match=r'init_cfg\.checkpoint=FILE.*from scratch.*init_cfg=None'
    ):
        load('http://127.0.0.1:9/resnet50.pth')


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


@pytest.mark.parametrize('content', [torch.zeros(3), [1], 'text'])
def test_what_is_no_dict_is_refused_by_name(tmp_path, content, load):
    torch.save(content, tmp_path / 'odd.pth')
    with pytest.raises(RuntimeError, match=r'odd\.pth was refused: .*in place of a dict'):
        load(tmp_path / 'odd.pth')
