# Pascal VOC 2012, train and val. VOC_ROOT is the folder VOCdevkit.
_base_ = '../pipelines/released.py'
data_root = '{{$VOC_ROOT:data/VOCdevkit}}/VOC2012'

train_dataloader = dict(
    dataset=dict(type='mmpretrain_mlml.PascalVOC', data_root=data_root, split='train')
)
val_dataloader = dict(
    dataset=dict(type='mmpretrain_mlml.PascalVOC', data_root=data_root, split='val')
)
test_dataloader = val_dataloader
