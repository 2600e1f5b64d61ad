# Pascal VOC 2007, trainval and test. VOC_ROOT is the folder VOCdevkit.
_base_ = '../pipelines/released.py'
data_root = '{{$VOC_ROOT:data/VOCdevkit}}/VOC2007'

train_dataloader = dict(
    dataset=dict(type='mmpretrain_mlml.PascalVOC', data_root=data_root, split='trainval')
)
val_dataloader = dict(
    dataset=dict(type='mmpretrain_mlml.PascalVOC', data_root=data_root, split='test')
)
test_dataloader = val_dataloader
