# The released recipe with parameters, gradients and optimiser state in shares over the processes.
_base_ = 'paper.py'
runner_type = 'FlexibleRunner'
strategy = dict(
    type='FSDPStrategy',
    state_dict_cfg='full',  # a checkpoint is one file with all weights, as without shares
    model_wrapper=dict(
        type='MMFullyShardedDataParallel',
        use_orig_params=True,
        auto_wrap_policy=dict(
            type='torch.distributed.fsdp.wrap.size_based_auto_wrap_policy',
            min_num_params=1_000_000,
        ),
    ),
)
# A share has one dimension, whatever its parameter has; biases and norms are known by their names.
optim_wrapper = dict(paramwise_cfg=dict(flat_decay_mult=None))
custom_hooks = [  # no average of the weights: the hook cannot keep one of shares
    dict(type='mmpretrain_mlml.WholeUpdatesHook'),
    dict(type='mmpretrain_mlml.SampleSeedHook'),
]
