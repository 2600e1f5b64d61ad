# NUS-WIDE as published. For released lists set split=None, ann_file and data_prefix.
_base_ = '../pipelines/released.py'
data_root = '{{$NUS_ROOT:data/nuswide}}'

train_dataloader = dict(
    dataset=dict(type='mmpretrain_mlml.NUSWIDE', data_root=data_root, split='train')
)
val_dataloader = dict(
    dataset=dict(type='mmpretrain_mlml.NUSWIDE', data_root=data_root, split='test')
)
test_dataloader = val_dataloader
