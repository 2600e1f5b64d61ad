# COCO photographs of any number and size: a folder with the images in train2014/ and val2014/ and the
# label lists beside them, released ones or parts of them.
data_root = '{{$PHOTOS_ROOT:data/photos}}'
input_size = (128, 128)

train_pipeline = [
    dict(type='mmpretrain_mlml.LoadWholeImage'),
    dict(type='mmpretrain_mlml.SmoothResize', scale=input_size),
    dict(type='RandomFlip', prob=0.5, direction='horizontal'),
    dict(type='mmpretrain_mlml.PackPlanes'),
]
test_pipeline = [
    dict(type='mmpretrain_mlml.LoadWholeImage'),
    dict(type='mmpretrain_mlml.SmoothResize', scale=input_size),
    dict(type='mmpretrain_mlml.PackPlanes'),
]
train_dataloader = dict(
    batch_size=64,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(
        type='mmpretrain_mlml.COCOMissingLabel',
        ann_file='train_full.txt',
        data_root=data_root,
        data_prefix='train2014',
        pipeline=train_pipeline,
    ),
)
val_dataloader = dict(
    batch_size=100,
    num_workers=1,
    persistent_workers=True,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='mmpretrain_mlml.COCOMissingLabel',
        ann_file='val_full.txt',
        data_root=data_root,
        data_prefix='val2014',
        pipeline=test_pipeline,
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
