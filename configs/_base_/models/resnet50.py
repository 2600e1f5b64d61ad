model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(  # pixels in [0, 1], as in the released trainer
        type='ClsDataPreprocessor',
        mean=[0.0, 0.0, 0.0],
        std=[255.0, 255.0, 255.0],
        to_rgb=True,
        num_classes=80,
    ),
    backbone=dict(
        type='ResNet',
        depth=50,
        num_stages=4,
        out_indices=(3,),
        style='pytorch',
        init_cfg=dict(type='Pretrained', checkpoint='torchvision://resnet50'),
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='MultiLabelLinearClsHead',
        num_classes=80,
        in_channels=2048,
        thr=0.5,
        # summed over images and classes, as released: see optim_wrapper in recipes/paper.py
        loss=dict(type='mmpretrain_mlml.BCE', reduction='sum'),
    ),
)
