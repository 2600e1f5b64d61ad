# The released recipe as far as MMEngine goes: a one-cycle over 80 epochs, stopped after 31.
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0, flat_decay_mult=0.0),
)
param_scheduler = dict(
    type='OneCycleLR',
    eta_max=1e-4,
    total_steps=80,
    end=80,
    pct_start=0.2,
    by_epoch=True,
    convert_to_iter_based=True,
)
train_cfg = dict(by_epoch=True, max_epochs=31, val_interval=1)
val_cfg = dict()
test_cfg = dict()

custom_hooks = [dict(type='EMAHook', momentum=3e-4, update_buffers=True)]
auto_scale_lr = dict(base_batch_size=128, enable=False)
