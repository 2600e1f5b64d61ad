default_scope = 'mmpretrain'

default_hooks = dict(
    runtime_info=dict(type='mmpretrain_mlml.LazyRuntimeInfoHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=100),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(
        type='mmpretrain_mlml.BestWeightsHook',
        interval=1,
        max_keep_ckpts=3,
        save_best='multi-label/mAP',
    ),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    visualization=dict(type='mmpretrain_mlml.TagVisualizationHook', enable=False),
    sync_buffers=dict(type='SyncBuffersHook'),  # one set of batch norm statistics over processes
    loss_epoch=dict(type='mmpretrain_mlml.LossEpochHook'),
    loss_data=dict(type='mmpretrain_mlml.LossDataHook'),
    global_loss=dict(type='mmpretrain_mlml.GlobalLossHook'),
    batch_to_device=dict(type='mmpretrain_mlml.BatchToDeviceHook'),  # no wait for a GPU
    non_finite=dict(type='mmpretrain_mlml.NonFiniteHook'),
    interruption=dict(type='mmpretrain_mlml.InterruptionHook'),
    run_identity=dict(type='mmpretrain_mlml.RunIdentityHook'),
    thresholds=dict(type='mmpretrain_mlml.ThresholdsHook'),  # one set for scores, tags and pictures
)

env_cfg = dict(
    cudnn_benchmark=False,
    mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0),
    dist_cfg=dict(backend='nccl'),
)
vis_backends = [dict(type='LocalVisBackend')]
visualizer = dict(type='mmpretrain_mlml.TagVisualizer', vis_backends=vis_backends)
log_level = 'INFO'
load_from = None
resume = False
randomness = dict(seed=0)

val_evaluator = dict(type='mmpretrain_mlml.MultiLabelScores')
test_evaluator = dict(type='mmpretrain_mlml.MultiLabelScores', table=True)
