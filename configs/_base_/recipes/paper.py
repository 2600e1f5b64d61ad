# The released recipe: Adam with L2 in the gradient and none on biases and 1-d parameters, a one-cycle
# of learning rate and beta1 over 80 epochs, stopped after 31, and an average of the weights.
optim_wrapper = dict(
    type='OptimWrapper',
    # With a summed loss: the gradient of the plain sum over a batch of 128, however it is split over
    # processes or accumulated. L2, which goes into the gradient, keeps its proportion to it.
    constructor='mmpretrain_mlml.SummedGradientsConstructor',
    optimizer=dict(type='Adam', lr=1e-4, weight_decay=1e-4),
    paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0, flat_decay_mult=0.0),
)
param_scheduler = dict(
    type='mmpretrain_mlml.OneCycle',
    total_steps=80,
    end=80,
    pct_start=0.2,
    by_epoch=True,
    convert_to_iter_based=True,
)
train_cfg = dict(by_epoch=True, max_epochs=31, val_interval=1)
val_cfg = dict(type='mmpretrain_mlml.RawAndAveragedValLoop')
test_cfg = dict()

custom_hooks = [
    dict(type='mmpretrain_mlml.WeightAverageHook', momentum=3e-4),  # decay 0.9997
    dict(type='mmpretrain_mlml.WholeUpdatesHook'),
    dict(type='mmpretrain_mlml.SampleSeedHook'),
]
auto_scale_lr = dict(base_batch_size=128, enable=False)
