"""Our tools say what to do where a file cannot be downloaded."""

import mmengine.runner.checkpoint as mmengine_checkpoint
import pytest
from mmengine.runner import CheckpointLoader

from mmpretrain_mlml.runtime.downloads import explain_failed_downloads


@pytest.mark.parametrize(
    ('tool', 'advice'),
    [
        ('train.py', r'init_cfg\.checkpoint=FILE.*from scratch.*init_cfg=None.*into .*checkpoints'),
        ('test.py', 'Without a network, give a local file, or put'),
    ],
)
def test_without_a_network_the_message_says_what_to_do(tmp_path, monkeypatch, tool, advice):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    monkeypatch.setattr(mmengine_checkpoint, 'load_url', mmengine_checkpoint.load_url)
    explain_failed_downloads(tool)
    with pytest.raises(RuntimeError, match=advice):
        CheckpointLoader.load_checkpoint('http://127.0.0.1:9/resnet50.pth')


def test_a_cache_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    (tmp_path / 'file').touch()
    monkeypatch.setenv('TORCH_HOME', str(tmp_path / 'file/cache'))
    monkeypatch.setattr(mmengine_checkpoint, 'load_url', mmengine_checkpoint.load_url)
    explain_failed_downloads('train.py')
    with pytest.raises(RuntimeError, match=r'could not store http.*file/cache.*Set TORCH_HOME'):
        CheckpointLoader.load_checkpoint('http://127.0.0.1:9/resnet50.pth')
