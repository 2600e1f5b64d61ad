# The released recipe for some thousand images: batches of 32, in bfloat16, from the frequency of the
# labels. The average reaches back as many epochs as 3e-4 does on COCO, if there are 2,500 images.
_base_ = 'paper.py'
optim_wrapper = dict(type='AmpOptimWrapper', dtype='bfloat16', optimizer=dict(fused=True))
custom_hooks = [
    dict(type='mmpretrain_mlml.WeightAverageHook', momentum=2.4e-3),
    dict(type='mmpretrain_mlml.WholeUpdatesHook'),
    dict(type='mmpretrain_mlml.SampleSeedHook'),
    dict(type='mmpretrain_mlml.LabelPriorHook'),
    dict(type='mmpretrain_mlml.ChannelsLastHook'),
]
auto_scale_lr = dict(base_batch_size=32)
