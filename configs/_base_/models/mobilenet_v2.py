model = dict(
    type='ImageClassifier',
    data_preprocessor=dict(
        type='ClsDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        to_rgb=True,
        num_classes=80,
    ),
    backbone=dict(
        type='MobileNetV2',
        init_cfg=dict(
            type='Pretrained',
            checkpoint='{{$MOBILENET_V2_WEIGHTS:https://download.openmmlab.com/mmclassification/v0/mobilenet_v2/mobilenet_v2_batch256_imagenet_20200708-3b2dc3af.pth}}',
            prefix='backbone',
        ),
    ),
    neck=dict(type='GlobalAveragePooling'),
    head=dict(
        type='MultiLabelLinearClsHead',
        num_classes=80,
        in_channels=1280,
        thr=0.5,
        loss=dict(type='mmpretrain_mlml.BCE'),
    ),
)
