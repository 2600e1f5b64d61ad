"""A flipped byte in a checkpoint is found when it is loaded."""

import os

import pytest
import torch

from mmpretrain_mlml.repairs.checksums import damage_of
from mmpretrain_mlml.repairs.loading import load_from_local


@pytest.fixture
def checkpoint(tmp_path):
    torch.manual_seed(0)
    torch.save({'state_dict': {'w': torch.randn(300), 'b': torch.zeros(2)}}, tmp_path / 'x.pth')
    return tmp_path / 'x.pth'


def flip(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)


def test_a_flipped_byte_among_the_weights_is_refused_by_name(checkpoint, load):
    weights = load(checkpoint)['state_dict']['w'].numpy().tobytes()
    flip(checkpoint, checkpoint.read_bytes().index(weights) + 100)
    torch.load(checkpoint, weights_only=True)  # which torch does not notice
    for read in (load, load_from_local):
        with pytest.raises(RuntimeError, match=r'x\.pth was refused: the file is damaged .*data/0'):
            read(checkpoint)


def test_any_flipped_byte_is_refused_or_changes_nothing(checkpoint):
    whole, expected = checkpoint.read_bytes(), load_from_local(checkpoint)['state_dict']
    other = checkpoint.with_name('y.pth')
    refused = 0
    for place in range(0, len(whole), 11):
        other.write_bytes(whole)
        flip(other, place)
        try:
            read = load_from_local(other)
        except RuntimeError as error:
            assert 'y.pth was refused' in str(error)  # noqa: PT017
            refused += 1
        else:
            assert all(torch.equal(read['state_dict'][key], expected[key]) for key in expected)
    assert refused > len(whole) / 11 / 3  # the others are padding and times


def test_files_without_checksums_have_no_damage(checkpoint, tmp_path, load):
    assert damage_of(checkpoint) is None
    torch.save({'a': 1}, tmp_path / 'old.pth', _use_new_zipfile_serialization=False)
    torch.serialization.set_crc32_options(False)
    torch.save({'a': 1}, tmp_path / 'unchecked.pth')
    torch.serialization.set_crc32_options(True)
    for name in ('old.pth', 'unchecked.pth'):
        assert damage_of(tmp_path / name) is None
        assert load(tmp_path / name) == {'a': 1}


def test_empty_and_truncated_files_are_damaged(checkpoint):
    checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    assert damage_of(checkpoint)
    checkpoint.write_bytes(b'')
    assert damage_of(checkpoint)


def test_a_file_is_read_again_once_it_has_changed(checkpoint):
    """Also where its size and its time are as before, as after a clock that jumps back."""
    assert damage_of(checkpoint) is None
    before = checkpoint.stat()
    flip(checkpoint, checkpoint.read_bytes().index(b'data/0') + 500)
    os.utime(checkpoint, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert damage_of(checkpoint)


def test_a_damaged_download_is_refused(checkpoint, load, monkeypatch):
    import mmengine.runner.checkpoint as mmengine_checkpoint

    flip(checkpoint, checkpoint.read_bytes().index(b'data/0') + 500)
    with pytest.raises(RuntimeError, match=r'x\.pth was refused: the file is damaged'):
        mmengine_checkpoint.load_url(checkpoint.as_uri(), model_dir=str(checkpoint.parent))
