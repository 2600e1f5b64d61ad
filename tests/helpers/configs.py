"""The shipped configs: their names, and reading one."""

from mmengine.config import Config

import mmpretrain_mlml
from helpers import ROOT

NAMES = sorted(path.name for path in (ROOT / 'configs').glob('*.py'))
FAMILY = {cls.__name__.lower(): cls.__name__ for cls in mmpretrain_mlml.FAMILY}  # by config name


def load(name) -> Config:
    return Config.fromfile(mmpretrain_mlml.config(name))
