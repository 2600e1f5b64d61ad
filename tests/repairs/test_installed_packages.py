"""Packages are found without pkg_resources, and where it finds a folder that does not exist."""

import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace

import mmpretrain
import pytest
from mmengine.config import Config
from mmengine.utils import package_utils

import mmpretrain_mlml  # noqa: F401  repairs the functions

PACKAGE = Path(mmpretrain.__file__).parent


@pytest.fixture
def without_pkg_resources(monkeypatch):
    monkeypatch.setitem(sys.modules, 'pkg_resources', None)


@pytest.fixture
def with_pkg_resources(monkeypatch):
    """A stand-in that has every distribution in one folder, as for those in editable mode."""
    module = ModuleType('pkg_resources')
    found = SimpleNamespace(
        location='/site', has_metadata=bool, get_metadata=lambda _: 'mmpretrain\n'
    )
    module.get_distribution = lambda package: found
    module.DistributionNotFound = LookupError
    monkeypatch.setitem(sys.modules, 'pkg_resources', module)
    return module


def stock(name):
    return getattr(package_utils, name).__wrapped__


@pytest.mark.usefixtures('without_pkg_resources')
def test_a_config_of_another_package_is_a_base(tmp_path):
    with pytest.raises(ModuleNotFoundError, match='pkg_resources'):  # the symptom
        stock('is_installed')('mmpretrain')
    path = tmp_path / 'config.py'
    path.write_text("_base_ = 'mmpretrain::resnet/resnet18_8xb32_in1k.py'\nx = 1\n")
    cfg = Config.fromfile(path)
    assert (cfg.model.backbone.depth, cfg.x) == (18, 1)


@pytest.mark.usefixtures('without_pkg_resources')
def test_packages_and_their_folders_are_found():
    assert package_utils.is_installed('mmpretrain')
    assert package_utils.is_installed('helpers')  # a module on the path, and of no distribution
    assert not package_utils.is_installed('no_such_package')
    assert package_utils.get_installed_path('mmpretrain') == str(PACKAGE)
    assert package_utils.get_installed_path('helpers') == str(Path(__file__).parents[1] / 'helpers')
    mmcv = next(
        name for name in ('mmcv-lite', 'mmcv', 'onedl-mmcv') if package_utils.is_installed(name)
    )
    assert Path(package_utils.get_installed_path(mmcv), 'version.py').is_file()  # of another name
    assert package_utils.package2module('mmpretrain') == 'mmpretrain'
    with pytest.raises(metadata.PackageNotFoundError):
        package_utils.get_installed_path('no_such_package')


def test_the_folder_of_an_editable_install_is_that_of_its_module(with_pkg_resources):
    assert not Path(stock('get_installed_path')('mmpretrain')).exists()  # the symptom
    assert package_utils.get_installed_path('mmpretrain') == str(PACKAGE)


def test_what_pkg_resources_finds_is_kept(with_pkg_resources, tmp_path):
    with_pkg_resources.get_distribution('').location = str(tmp_path)
    (tmp_path / 'mmpretrain').mkdir()
    assert package_utils.get_installed_path('mmpretrain') == str(tmp_path / 'mmpretrain')
