# ROLE on the embedded digit scenes, 40 % of the labels left.
#   python tools/train.py configs/digits_0.4left_role.py
_base_ = ['digits_0.4left_epr.py']
labels = dict(num_samples=27000, num_classes=10)  # of the table
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.ROLE', **labels)))
optim_wrapper = dict(
    paramwise_cfg=dict(custom_keys={'loss_module.labels': dict(lr_mult=10, decay_mult=0)})
)
