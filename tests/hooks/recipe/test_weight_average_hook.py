"""What is averaged, and when."""

import pytest
import torch
from helpers.averaging import AVERAGED, ReferenceAverage, average_of, floats
from helpers.runners import make_runner
from mmengine.config import Config

from mmpretrain_mlml import config


@pytest.mark.filterwarnings('ignore:Detected call of `scheduler.step')  # as MMEngine's own count
@pytest.mark.parametrize('accumulated', [1, 3])
def test_average_from_the_initial_weights_once_an_update(tmp_path, accumulated):
    runner = make_runner(tmp_path, **AVERAGED, optim_wrapper={'accumulative_counts': accumulated})
    reference = ReferenceAverage(0.25, every=accumulated)
    runner.register_hook(reference)
    runner.train()
    average = average_of(runner)
    assert average.steps == 1 + 9 // accumulated
    assert any('running_mean' in key for key in reference.average)  # buffers too
    for key, value in floats(average.module).items():
        torch.testing.assert_close(value, reference.average[key], rtol=1e-5, atol=1e-6)


def test_paper_recipe_averages_at_0_9997_and_validates_both():
    cfg = Config.fromfile(config('coco_0.4left_splc.py'))
    assert cfg.custom_hooks[0] == {'type': 'mmpretrain_mlml.WeightAverageHook', 'momentum': 3e-4}
    assert cfg.val_cfg.type == 'mmpretrain_mlml.RawAndAveragedValLoop'
