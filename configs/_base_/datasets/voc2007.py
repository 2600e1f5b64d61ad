# Pascal VOC 2007, trainval and test. VOC_ROOT is the folder VOCdevkit.
_base_ = '../pipelines/released.py'
data_root = '{{$VOC_ROOT:data/VOCdevkit}}/VOC2007'

train_dataloader = dict(
    dataset=dict(
        type='mmpretrain_mlml.PascalVOC',
        data_root=data_root,
        split='trainval',
        pipeline={{_base_.train_pipeline}},
    ),
)
val_dataloader = dict(
    dataset=dict(
        type='mmpretrain_mlml.PascalVOC',
        data_root=data_root,
        split='test',
        pipeline={{_base_.test_pipeline}},
        test_mode=True,
    ),
)
test_dataloader = val_dataloader
