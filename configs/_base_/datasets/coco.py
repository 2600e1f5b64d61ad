_base_ = '../pipelines/released.py'
data_root = '{{$COCO_ROOT:data/coco}}'

train_dataloader = dict(
    dataset=dict(
        type='mmpretrain_mlml.COCOMissingLabel',
        ann_file='annotations/instances_train2014.json',
        data_root=data_root,
        data_prefix='train2014',
    ),
)
val_dataloader = dict(
    dataset=dict(
        type='mmpretrain_mlml.COCOMissingLabel',
        ann_file='annotations/instances_val2014.json',
        data_root=data_root,
        data_prefix='val2014',
    ),
)
test_dataloader = val_dataloader
