"""MMPretrain's models can be imported beside a current transformers."""

import os
import subprocess
import sys

import pytest
from helpers import ROOT


@pytest.fixture
def newer_transformers(tmp_path):
    """A transformers whose version is new and which lacks the names that MMPretrain imports."""
    info = tmp_path / 'transformers-5.0.0.dist-info'
    info.mkdir()
    (info / 'METADATA').write_text('Metadata-Version: 2.1\nName: transformers\nVersion: 5.0.0\n')
    (tmp_path / 'transformers').mkdir()
    (tmp_path / 'transformers/__init__.py').write_text('__version__ = "5.0.0"\n')
    return {**os.environ, 'PYTHONPATH': f'{tmp_path}:{ROOT}'}


def python(code, env):
    return subprocess.run([sys.executable, '-c', code], env=env, capture_output=True, text=True)


@pytest.mark.slow
def test_models_build_beside_a_current_transformers(newer_transformers):
    alone = python('import mmpretrain.models', newer_transformers)
    assert alone.returncode != 0  # the symptom
    assert 'transformers' in alone.stderr
    build = (
        'import mmpretrain_mlml; from mmpretrain import get_model; '
        'from mmpretrain.registry import MODELS; import mmpretrain.models; '
        "print(MODELS.build({'type': 'mmpretrain.ResNet', 'depth': 18}).depth)"
    )
    done = python(build, newer_transformers)
    assert done.stdout.strip().endswith('18'), done.stderr[-2000:]
