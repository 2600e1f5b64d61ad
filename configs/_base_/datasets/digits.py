pipeline = [dict(type='PackInputs')]

train_dataloader = dict(
    batch_size=64,
    num_workers=0,  # the images are in memory
    persistent_workers=False,
    pin_memory=False,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='mmpretrain_mlml.DigitScenes', split='train', size=27000, pipeline=pipeline),
)
val_dataloader = dict(
    batch_size=200,
    num_workers=0,  # the images are in memory
    persistent_workers=False,
    pin_memory=False,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmpretrain_mlml.DigitScenes',
        split='test',
        size=1000,
        pipeline=pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
