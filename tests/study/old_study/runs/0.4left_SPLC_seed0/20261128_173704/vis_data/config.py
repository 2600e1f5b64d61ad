auto_scale_lr = dict(base_batch_size=64, enable=False)
default_hooks = dict(
    checkpoint=dict(
        interval=1,
        max_keep_ckpts=3,
        save_best='multi-label/mAP',
        type='mmpretrain_mlml.BestWeightsHook',
    ),
    global_loss=dict(type='mmpretrain_mlml.GlobalLossHook'),
    interruption=dict(type='mmpretrain_mlml.InterruptionHook'),
    logger=dict(interval=1, type='LoggerHook'),
    loss_data=dict(type='mmpretrain_mlml.LossDataHook'),
    loss_epoch=dict(type='mmpretrain_mlml.LossEpochHook'),
    non_finite=dict(type='mmpretrain_mlml.NonFiniteHook'),
    param_scheduler=dict(type='ParamSchedulerHook'),
    recovery=dict(full_labels=dict(protocol='full'), type='mmpretrain_mlml.LabelRecoveryHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    sync_buffers=dict(type='SyncBuffersHook'),
    timer=dict(type='IterTimerHook'),
    visualization=dict(enable=False, type='mmpretrain_mlml.TagVisualizationHook'),
)
default_scope = 'mmpretrain'
env_cfg = dict(
    cudnn_benchmark=False,
    dist_cfg=dict(backend='nccl'),
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
)
launcher = 'none'
load_from = None
log_level = 'INFO'
model = dict(
    backbone=dict(
        base_channels=2,
        depth=18,
        in_channels=1,
        out_indices=(3,),
        stem_channels=2,
        strides=(
            2,
            2,
            2,
            2,
        ),
        type='ResNet_CIFAR',
    ),
    data_preprocessor=dict(
        mean=[
            0.0,
        ],
        num_classes=10,
        std=[
            255.0,
        ],
        to_rgb=False,
        type='ClsDataPreprocessor',
    ),
    head=dict(
        in_channels=16,
        loss=dict(type='mmpretrain_mlml.SPLC'),
        num_classes=10,
        thr=0.5,
        type='MultiLabelLinearClsHead',
    ),
    neck=dict(type='GlobalAveragePooling'),
    type='ImageClassifier',
)
optim_wrapper = dict(
    optimizer=dict(lr=0.005, type='Adam', weight_decay=0.0001), type='OptimWrapper'
)
param_scheduler = dict(
    base_momentum=0.9,
    by_epoch=True,
    convert_to_iter_based=True,
    end=3,
    max_momentum=0.9,
    pct_start=0.2,
    total_steps=3,
    type='mmpretrain_mlml.OneCycle',
)
pipeline = [
    dict(type='PackInputs'),
]
randomness = dict(seed=0)
resume = False
test_cfg = dict()
test_dataloader = dict(
    batch_size=200,
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        pipeline=[
            dict(type='PackInputs'),
        ],
        size=20,
        split='test',
        test_mode=True,
        type='mmpretrain_mlml.DigitScenes',
    ),
    num_workers=0,
    persistent_workers=False,
    pin_memory=False,
    sampler=dict(shuffle=False, type='DefaultSampler'),
)
test_evaluator = dict(table=True, type='mmpretrain_mlml.MultiLabelScores')
train_cfg = dict(by_epoch=True, max_epochs=2, val_interval=1)
train_dataloader = dict(
    batch_size=64,
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        pipeline=[
            dict(type='PackInputs'),
        ],
        protocol='0.4left',
        seed=0,
        size=256,
        split='train',
        type='mmpretrain_mlml.DigitScenes',
    ),
    num_workers=0,
    persistent_workers=False,
    pin_memory=False,
    sampler=dict(shuffle=True, type='DefaultSampler'),
)
val_cfg = dict()
val_dataloader = dict(
    batch_size=200,
    collate_fn=dict(type='default_collate'),
    dataset=dict(
        pipeline=[
            dict(type='PackInputs'),
        ],
        size=20,
        split='test',
        test_mode=True,
        type='mmpretrain_mlml.DigitScenes',
    ),
    num_workers=0,
    persistent_workers=False,
    pin_memory=False,
    sampler=dict(shuffle=False, type='DefaultSampler'),
)
val_evaluator = dict(
    out='work_dirs/small/0.4left_SPLC_seed0/predictions.npz',
    type='mmpretrain_mlml.MultiLabelScores',
)
vis_backends = [
    dict(type='LocalVisBackend'),
]
visualizer = dict(
    type='mmpretrain_mlml.TagVisualizer',
    vis_backends=[
        dict(type='LocalVisBackend'),
    ],
)
work_dir = 'work_dirs/small/0.4left_SPLC_seed0'
