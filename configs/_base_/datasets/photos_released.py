# The photographs of photos.py in the pipeline of the released trainer, at 224 pixels.
_base_ = '../pipelines/released.py'
data_root = '{{$PHOTOS_ROOT:data/photos}}'
resize = dict(type='mmpretrain_mlml.SmoothResize', scale=(224, 224))

train_dataloader = dict(
    dataset=dict(
        type='mmpretrain_mlml.COCOMissingLabel',
        ann_file='train_full.txt',
        data_root=data_root,
        data_prefix='train2014',
        pipeline=[_base_.train_pipeline[0], resize, *_base_.train_pipeline[2:]],
    ),
)
val_dataloader = dict(
    dataset=dict(
        type='mmpretrain_mlml.COCOMissingLabel',
        ann_file='val_full.txt',
        data_root=data_root,
        data_prefix='val2014',
        pipeline=[_base_.test_pipeline[0], resize, *_base_.test_pipeline[2:]],
    ),
)
test_dataloader = val_dataloader
