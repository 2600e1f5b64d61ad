# A short fine-tuning for small machines: six epochs in bfloat16, which CPUs and GPUs compute alike.
optim_wrapper = dict(
    type='AmpOptimWrapper',
    dtype='bfloat16',
    optimizer=dict(type='Adam', lr=6e-4, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0, flat_decay_mult=0.0),
)
param_scheduler = dict(
    type='mmpretrain_mlml.OneCycle',
    total_steps=6,
    end=6,
    pct_start=0.2,
    by_epoch=True,
    convert_to_iter_based=True,
)
train_cfg = dict(by_epoch=True, max_epochs=6, val_interval=1)
val_cfg = dict()
test_cfg = dict()

custom_hooks = [
    dict(type='mmpretrain_mlml.LabelPriorHook'),
    dict(type='mmpretrain_mlml.ChannelsLastHook'),
]
auto_scale_lr = dict(base_batch_size=64, enable=False)
