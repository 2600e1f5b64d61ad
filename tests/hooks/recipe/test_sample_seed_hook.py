"""Augmentations follow from the seed, the epoch and the image alone."""

import torch
from helpers.runners import make_runner

from mmpretrain_mlml import DigitScenes

NOISE = {'type': 'mmpretrain_mlml.RelativeCutout', 'size': 0.5}
SEEDED = [{'type': 'mmpretrain_mlml.SampleSeedHook'}]


def pictures(work_dir, workers=0, batch_size=16, **changes):
    """Return the network's inputs by epoch, in the order of the samples."""
    runner = make_runner(
        work_dir,
        custom_hooks=changes.pop('custom_hooks', SEEDED),
        train_dataloader={
            'batch_size': batch_size,
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


def test_augmentation_follows_from_seed_epoch_and_image(tmp_path):
    first, second = pictures(tmp_path / 'a')
    assert not torch.equal(first, second)
    for name, changes in {
        'persistent workers': {'workers': 2},
        'other batches': {'workers': 1, 'batch_size': 12},
    }.items():
        again = pictures(tmp_path / name, **changes)
        assert torch.equal(again[0], first), name
        assert torch.equal(again[1], second), name
    other = pictures(tmp_path / 'other', randomness={'seed': 1})
    assert not torch.equal(other[0], first)


def test_augmentation_depends_on_workers_without_the_hook(tmp_path):
    first, _ = pictures(tmp_path / 'a', custom_hooks=[])
    again, _ = pictures(tmp_path / 'b', custom_hooks=[], workers=2)
    assert not torch.equal(first, again)


def test_warning_if_the_data_set_cannot_be_seeded(tmp_path, capfd):
    repeated = {'type': 'RepeatDataset', 'times': 2, 'dataset': {
        'type': 'mmpretrain_mlml.DigitScenes', 'size': 16, 'pipeline': [{'type': 'PackInputs'}],
    }}  # fmt: skip
    runner = make_runner(tmp_path, custom_hooks=SEEDED, train_cfg={'max_epochs': 1})
    runner._train_dataloader['dataset'] = repeated
    runner.train()
    assert 'SampleSeedHook: RepeatDataset has no seed_samples()' in capfd.readouterr().out


def test_subset_is_augmented_anew_in_each_epoch():
    dataset = DigitScenes(split='train', size=9, pipeline=[NOISE, {'type': 'PackInputs'}])
    part = dataset.get_subset(3)
    seen = []
    for epoch in (0, 1, 0):
        part.seed_samples(0, epoch)
        assert part._augmentation.is_shared()
        seen.append(part[1]['inputs'])
    assert torch.equal(seen[0], seen[2])
    assert not torch.equal(seen[0], seen[1])
