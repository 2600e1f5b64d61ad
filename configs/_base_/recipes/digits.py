optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=5e-3, weight_decay=1e-4))
param_scheduler = dict(
    type='mmpretrain_mlml.OneCycle',
    base_momentum=0.9,
    max_momentum=0.9,  # not cycled
    total_steps=3,
    end=3,  # a longer training goes on at the last learning rate
    pct_start=0.2,
    by_epoch=True,
    convert_to_iter_based=True,
)
train_cfg = dict(by_epoch=True, max_epochs=3, val_interval=1)
val_cfg = dict()
test_cfg = dict()

auto_scale_lr = dict(base_batch_size=64, enable=False)
