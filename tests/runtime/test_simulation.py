"""MMPretrain's vis_scheduler.py runs the hooks of a config without its network and data."""

import pytest
from helpers import ROOT
from helpers.mmpretrain_tools import run_mmpretrain_tool
from mmengine.runner import Runner

from mmpretrain_mlml.runtime.simulation import is_simulated

HOOKS = 'photos_0.4left_splc.py', 'coco_0.4left_splc.py'  # with all hooks of the recipes


# The script's network does no optimiser step.
@pytest.mark.filterwarnings('ignore:Detected call of `scheduler.step:UserWarning')
# The script gives its runner no name, so MMEngine names it by the second in which it is built.
@pytest.mark.filterwarnings('ignore:.* instance named of .* has been created:UserWarning')
@pytest.mark.parametrize('name', HOOKS)
def test_the_schedule_of_a_shipped_config_is_drawn(name, tmp_path, monkeypatch):
    seen = []
    train = Runner.train
    monkeypatch.setattr(
        Runner, 'train', lambda self: (train(self), seen.append(is_simulated(self)))
    )
    out = tmp_path / 'schedule.png'
    changes = [f'work_dir={tmp_path}', 'train_cfg.max_epochs=2']
    run_mmpretrain_tool(
        'visualization/vis_scheduler.py', ROOT / 'configs' / name, '--dataset-size', 320,
        '--not-show', '--save-path', out, '--cfg-options', *changes,
    )  # fmt: skip
    assert out.stat().st_size > 1000
    assert seen == [True]
