# COCO 2017: other splits of the same photographs than 2014, see docs/datasets.md.
_base_ = 'coco.py'
train_dataloader = dict(
    dataset=dict(ann_file='annotations/instances_train2017.json', data_prefix='train2017')
)
val_dataloader = dict(
    dataset=dict(ann_file='annotations/instances_val2017.json', data_prefix='val2017')
)
test_dataloader = val_dataloader
