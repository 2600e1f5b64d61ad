"""All processes make equally many updates, of the size that the recipe expects."""

import pytest
from helpers.runners import make_runner

from mmpretrain_mlml.hooks.recipe import whole_updates_hook

HOOK = [{'type': 'mmpretrain_mlml.WholeUpdatesHook'}]


def test_processes_with_different_numbers_of_batches_are_refused(tmp_path, monkeypatch):
    runner = make_runner(tmp_path, custom_hooks=HOOK)
    monkeypatch.setattr(whole_updates_hook, 'all_gather_object', lambda mine: [mine, mine - 1])
    with pytest.raises(ValueError, match=r'would have \[3, 2\] batches.*round_up=True'):
        runner.train()


@pytest.mark.parametrize(('accumulated', 'warned'), [(4, False), (2, True)])
def test_warning_if_an_update_has_another_size_than_the_recipe(tmp_path, accumulated, warned):
    runner = make_runner(
        tmp_path,
        custom_hooks=HOOK,
        optim_wrapper={'accumulative_counts': accumulated},  # of 16 images; the recipe has 64
        log_level='INFO',
    )
    runner.train()
    (log,) = tmp_path.glob('*/*.log')
    assert (f'an update takes {16 * accumulated} images' in log.read_text()) == warned
