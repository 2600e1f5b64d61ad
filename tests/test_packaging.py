"""The wheel: its files, configs that inherit from it, and what works without MMPretrain."""

import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import mmpretrain
import pytest
import setuptools
from helpers import ROOT

CHILD = """
_base_ = __import__('mmpretrain_mlml').config('coco_0.4left_splc.py')
model = dict(
    backbone=dict(
        _delete_=True, type='TIMMBackbone', model_name='test_resnet.r160_in1k', pretrained=False),
    head=dict(in_channels=96),
)
custom_hooks = [dict(type='EmptyCacheHook')]
train_dataloader = dict(
    batch_size=4, num_workers=0, persistent_workers=False, dataset=dict(data_root='my/coco'))
val_dataloader = dict(
    batch_size=4, num_workers=0, persistent_workers=False, dataset=dict(data_root='my/coco'))
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=2)
work_dir = 'out'
"""


@pytest.fixture(scope='module')
def source(tmp_path_factory) -> Path:
    """A copy of the files that a wheel is built from, without leftovers of earlier builds."""
    copy = tmp_path_factory.mktemp('source')
    for name in ('mmpretrain_mlml', 'configs', 'tools'):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns('__pycache__'))
    for name in ('setup.py', 'pyproject.toml', 'README.md', 'LICENSE'):
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope='module')
def wheel(source, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp('wheel')
    build = [sys.executable, '-m', 'build', '--wheel', '--no-isolation', '--outdir', out, source]
    subprocess.run(build, check=True, capture_output=True, text=True)
    (built,) = out.glob('*.whl')
    return built


@pytest.fixture(scope='module')
def site(wheel, tmp_path_factory) -> Path:
    """The wheel, unpacked as an installation would."""
    folder = tmp_path_factory.mktemp('site')
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


def test_the_wheel_holds_package_configs_and_tools(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ('configs', 'tools', 'mmpretrain_mlml'):
        inside = '' if folder == 'mmpretrain_mlml' else 'mmpretrain_mlml/'
        for path in (ROOT / folder).rglob('*'):
            if path.suffix in ('.py', '.sh', '.typed') and '__pycache__' not in path.parts:
                assert inside + path.relative_to(ROOT).as_posix() in names
    assert any(name.endswith('licenses/LICENSE') for name in names)
    metadata = next(name for name in names if name.endswith('METADATA'))
    text = zipfile.ZipFile(wheel).read(metadata).decode()
    extras = {
        'openmmlab', 'onedl', 'bench', 'coco', 'explain', 'export', 'parquet', 'test', 'trackers',
        'docs', 'dev',
    }  # fmt: skip
    assert set(re.findall(r'Provides-Extra: (\w+)', text)) == extras
    assert re.search(r'Requires-Python: .*3\.10', text)
    assert not any(name.startswith(('tests', 'configs', 'tools')) for name in names)


def test_both_stacks_come_with_the_same_parts(wheel):
    """The two extras repeat a list, since an extra of its own would be a promise to users."""
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith('METADATA'))
    text = archive.read(metadata).decode()
    needs = {
        extra: re.findall(rf'^Requires-Dist: (\S+); extra == "{extra}"', text, re.MULTILINE)
        for extra in ('openmmlab', 'onedl')
    }
    parts = {
        extra: sorted(need for need in names if not re.match(r'(onedl-)?mm', need))
        for extra, names in needs.items()
    }
    assert len(parts['openmmlab']) == 9
    assert parts['openmmlab'] == parts['onedl']
    assert len(needs['openmmlab']) == len(needs['onedl']) == 12


def test_another_project_inherits_a_config_and_trains_with_its_own_script(
    site, coco_root, tmp_path
):
    (tmp_path / 'my').mkdir()
    (tmp_path / 'my/coco').symlink_to(coco_root)
    (tmp_path / 'child.py').write_text(CHILD)
    script = Path(mmpretrain.__file__).parent / '.mim/tools/train.py'
    done = subprocess.run(
        [sys.executable, '-P', script, 'child.py'] if sys.version_info >= (3, 11)
        else [sys.executable, script, 'child.py'],
        cwd=tmp_path,
        env={**os.environ, 'PYTHONPATH': str(site), 'OMP_NUM_THREADS': '2'},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]
    assert 'LossEpochHook' in done.stdout
    assert 'EmptyCacheHook' in done.stdout
    assert 'EMAHook' not in done.stdout  # replaced by the child's custom_hooks
    assert (tmp_path / 'out/epoch_2.pth').is_file()  # SPLC trained, so its epoch was set


@pytest.mark.parametrize('way', ['wheel', pytest.param('checkout', marks=pytest.mark.slow)])
def test_config_finds_a_shipped_config(way, site, tmp_path):
    path = site if way == 'wheel' else ROOT
    code = "import mmpretrain_mlml as m; print(m.__file__); print(m.config('digits_full_bce.py'))"
    lines = subprocess.run(
        [sys.executable, '-c', code], cwd=tmp_path, check=True, capture_output=True, text=True,
        env={**os.environ, 'PYTHONPATH': str(path)},
    ).stdout.splitlines()  # fmt: skip
    assert Path(lines[0]).is_relative_to(path)
    assert Path(lines[1]).is_file()
    assert Path(lines[1]).is_relative_to(path)


@pytest.mark.slow
def test_an_editable_install_finds_them_too(source, tmp_path):
    """In an environment of its own that sees this one's packages."""
    venv.create(tmp_path / 'env', with_pip=True)
    python = tmp_path / 'env/bin/python'
    (pure,) = (tmp_path / 'env/lib').glob('python*/site-packages')
    (pure / 'outer.pth').write_text('\n'.join(p for p in sys.path if p.endswith('site-packages')))
    options = ('--quiet', '--no-deps', '--no-build-isolation', '--editable')
    install = [python, '-m', 'pip', 'install', *options, source]
    # Python 3.10 and 3.11 put a setuptools into a new environment that is older than we ask for
    newer = {**os.environ, 'PYTHONPATH': str(Path(setuptools.__file__).parents[1])}
    subprocess.run(install, check=True, capture_output=True, text=True, env=newer)
    code = "import mmpretrain_mlml as m; print(m.config('coco_single_hill.py'))"
    env = {k: v for k, v in os.environ.items() if k != 'PYTHONPATH'}
    path = subprocess.run(
        [python, '-c', code], check=True, capture_output=True, text=True, cwd=tmp_path, env=env
    ).stdout
    assert path.strip() == str(source / 'configs/coco_single_hill.py')


WITHOUT_MMPRETRAIN = """
import sys

class Hide:  # as on a machine without these packages
    def __init__(self, finder):
        self.finder = finder
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('mmengine', 'mmcv', 'mmpretrain', 'timm', 'cv2', 'rich'):
            return None
        return self.finder.find_spec(name, path, target)

sys.meta_path[:] = [Hide(finder) for finder in sys.meta_path]
import torch
import mmpretrain_mlml as m
from mmpretrain_mlml.labels import drop_labels
from mmpretrain_mlml.evaluation import multi_label_scores
assert not [name for name in sys.modules if name.split('.')[0] in ('mmengine', 'mmcv', 'mmpretrain')]
assert m.Hill()(torch.zeros(1, 2), torch.ones(1, 2)) > 0
assert m.SPLC()(torch.zeros(1, 2), torch.ones(1, 2), epoch=0) > 0
assert m.config('digits_full_bce.py')
try:
    m.COCOMissingLabel
except ImportError as error:
    print(error)
try:
    from mmpretrain_mlml import LossEpochHook
except ImportError as error:
    print(error)
assert not hasattr(m, 'nothing')
"""


def test_without_mmpretrain_losses_and_labels_work_and_the_rest_says_what_to_install(
    site, tmp_path
):
    done = subprocess.run(
        [sys.executable, '-c', WITHOUT_MMPRETRAIN], cwd=tmp_path, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, env={**os.environ, 'PYTHONPATH': str(site)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    for name in ('COCOMissingLabel', 'LossEpochHook'):
        assert f'mmpretrain_mlml.{name} needs mmengine, mmcv, mmpretrain' in done.stdout
    assert "pip install 'mmpretrain_mlml[openmmlab]'" in done.stdout
