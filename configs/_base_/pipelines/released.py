# Pipelines and loaders of the released trainer, for any data set.
input_size = (448, 448)

# Ranges run from no effect to the strongest; a picture gets one of the nine steps between them.
rand_augment = [
    dict(type='Invert'),
    dict(type='Cutout', magnitude_range=(0.5, 20.5), pad_val=(113, 122, 125)),  # cut to 2, 4 ... 20
    dict(type='Sharpness', magnitude_range=(0, 0.9)),
    dict(type='AutoContrast'),
    dict(type='Posterize', magnitude_range=(7.5, 3.5)),  # rounded up to 8, 7, 7, 6, 6, 5, 5, 4, 4
    dict(type='Shear', magnitude_range=(0, 0.3), direction='horizontal'),
    dict(type='Translate', magnitude_range=(0, 150 / 331), direction='horizontal'),
    dict(type='Translate', magnitude_range=(0, 150 / 331), direction='vertical'),
    dict(type='Shear', magnitude_range=(0, 0.3), direction='vertical'),
    dict(type='Rotate', magnitude_range=(0, -30), random_negative_prob=0.0),  # anticlockwise only
    dict(type='Equalize'),
    dict(type='Contrast', magnitude_range=(0, 0.9)),
    dict(type='ColorTransform', magnitude_range=(0, 0.9)),
    dict(type='Solarize', magnitude_range=(256, 0)),
    dict(type='Brightness', magnitude_range=(0, 0.9)),
]
train_pipeline = [
    dict(type='mmpretrain_mlml.LoadWholeImage'),
    dict(type='mmpretrain_mlml.SmoothResize', scale=input_size),
    dict(type='mmpretrain_mlml.RelativeCutout', size=0.5, in_place=True),
    dict(
        type='mmpretrain_mlml.StepRandAugment',
        policies=rand_augment,
        num_policies=2,
        steps=9,
        hparams=dict(pad_val=(128, 128, 128)),  # a plain 128 would fill one channel
    ),
    dict(type='mmpretrain_mlml.PackPlanes'),
]
test_pipeline = [
    dict(type='mmpretrain_mlml.LoadWholeImage'),
    dict(type='mmpretrain_mlml.SmoothResize', scale=input_size),
    dict(type='mmpretrain_mlml.PackPlanes'),
]

train_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    # several processes share the images out, and repeat none
    sampler=dict(type='DefaultSampler', shuffle=True, round_up=False),
    dataset=dict(pipeline=train_pipeline),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(pipeline=test_pipeline, test_mode=True),
)
test_dataloader = val_dataloader
