data_root = '{{$COCO_ROOT:data/coco}}'
input_size = (448, 448)

# Two operations a picture, each at a magnitude drawn up to its range and applied half of the time.
rand_augment = [
    dict(type='Invert'),
    dict(type='Cutout', magnitude_range=(0, 20), pad_val=(113, 122, 125)),
    dict(type='Sharpness', magnitude_range=(0, 0.9)),
    dict(type='AutoContrast'),
    dict(type='Posterize', magnitude_range=(8, 4)),
    dict(type='Shear', magnitude_range=(0, 0.3), direction='horizontal'),
    dict(type='Translate', magnitude_range=(0, 150 / 331), direction='horizontal'),
    dict(type='Translate', magnitude_range=(0, 150 / 331), direction='vertical'),
    dict(type='Shear', magnitude_range=(0, 0.3), direction='vertical'),
    dict(type='Rotate', magnitude_range=(0, 30), random_negative_prob=0.0),
    dict(type='Equalize'),
    dict(type='Contrast', magnitude_range=(0, 0.9)),
    dict(type='ColorTransform', magnitude_range=(0, 0.9)),
    dict(type='Solarize', magnitude_range=(256, 0)),
    dict(type='Brightness', magnitude_range=(0, 0.9)),
]
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=input_size),
    dict(type='Cutout', shape=224, prob=1.0),
    dict(
        type='RandAugment',
        policies=rand_augment,
        num_policies=2,
        magnitude_level=9,
        magnitude_std='inf',
        total_level=9,
    ),
    dict(type='PackInputs'),
]
test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=input_size),
    dict(type='PackInputs'),
]

train_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmpretrain_mlml.COCOMissingLabel',
        ann_file='annotations/instances_train2014.json',
        data_root=data_root,
        data_prefix='train2014',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=128,
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmpretrain_mlml.COCOMissingLabel',
        ann_file='annotations/instances_val2014.json',
        data_root=data_root,
        data_prefix='val2014',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
