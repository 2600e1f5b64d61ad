# Open Images: verified labels of the 9,605 trainable classes, unobserved where nobody looked.
_base_ = '../pipelines/released.py'
data_root = '{{$OPENIMAGES_ROOT:data/openimages}}'

train_dataloader = dict(
    dataset=dict(type='mmpretrain_mlml.OpenImages', data_root=data_root, split='train')
)
val_dataloader = dict(
    dataset=dict(type='mmpretrain_mlml.OpenImages', data_root=data_root, split='validation')
)
test_dataloader = val_dataloader
