"""Augmentations that do not depend on processes and workers; updates that end with their epoch."""

import pytest
import torch
from helpers.support import make_runner

from mmpretrain_mlml import DigitScenes
from mmpretrain_mlml.hooks.recipe import whole_updates_hook

NOISE = {'type': 'mmpretrain_mlml.RelativeCutout', 'size': 0.5}
SEEDED = [{'type': 'mmpretrain_mlml.SampleSeedHook'}]


def pictures(work_dir, workers=0, **changes):
    """What the network saw, by epoch, in the order of the samples' names."""
    runner = make_runner(
        work_dir,
        custom_hooks=changes.pop('custom_hooks', SEEDED),
        train_dataloader={
            'num_workers': workers,
            'persistent_workers': workers > 0,
            'dataset': {'size': 48, 'pipeline': [NOISE, {'type': 'PackInputs'}]},
        },
        train_cfg={'by_epoch': True, 'max_epochs': 2},
        **changes,
    )
    seen = {}
    step = runner.model.train_step

    def train_step(data, optim_wrapper):
        for image, sample in zip(data['inputs'], data['data_samples']):
            seen[runner.epoch, sample.sample_idx] = image.clone()
        return step(data, optim_wrapper)

    runner.model.train_step = train_step
    runner.train()
    return [torch.stack([seen[epoch, i] for i in range(48)]) for epoch in range(2)]


def test_an_image_is_augmented_by_seed_epoch_and_itself_alone(tmp_path):
    first, second = pictures(tmp_path / 'a')
    assert not torch.equal(first, second)
    for name, changes in {
        'workers that live on': {'workers': 2},
        'other batches': {'workers': 1},
    }.items():
        again = pictures(tmp_path / name, **changes)
        assert torch.equal(again[0], first), name
        assert torch.equal(again[1], second), name
    other = pictures(tmp_path / 'other', randomness={'seed': 1})
    assert not torch.equal(other[0], first)


def test_without_the_hook_draws_come_from_the_process(tmp_path):
    first, _ = pictures(tmp_path / 'a', custom_hooks=[])
    again, _ = pictures(tmp_path / 'b', custom_hooks=[], workers=2)
    assert not torch.equal(first, again)


def test_processes_with_different_numbers_of_batches_are_refused(tmp_path, monkeypatch):
    runner = make_runner(tmp_path, custom_hooks=[{'type': 'mmpretrain_mlml.WholeUpdatesHook'}])
    monkeypatch.setattr(whole_updates_hook, 'all_gather_object', lambda mine: [mine, mine - 1])
    with pytest.raises(ValueError, match=r'would have \[3, 2\] batches.*round_up=True'):
        runner.train()


@pytest.mark.parametrize(('accumulated', 'warned'), [(4, False), (2, True)])
def test_a_batch_that_is_not_the_recipes_is_worth_a_warning(tmp_path, accumulated, warned):
    runner = make_runner(
        tmp_path,
        custom_hooks=[{'type': 'mmpretrain_mlml.WholeUpdatesHook'}],
        optim_wrapper={'accumulative_counts': accumulated},  # of 16 images; the recipe has 64
        log_level='INFO',
    )
    runner.train()
    (log,) = tmp_path.glob('*/*.log')
    assert (f'an update takes {16 * accumulated} images' in log.read_text()) == warned


def test_a_subset_is_augmented_anew_in_each_epoch():
    dataset = DigitScenes(split='train', size=9, pipeline=[NOISE, {'type': 'PackInputs'}])
    part = dataset.get_subset(3)
    seen = []
    for epoch in (0, 1, 0):
        part.seed_samples(0, epoch)
        assert part._augmentation.is_shared()
        seen.append(part[1]['inputs'])
    assert torch.equal(seen[0], seen[2])
    assert not torch.equal(seen[0], seen[1])
