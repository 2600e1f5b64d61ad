# What Hill and SPLC gain on the embedded digit scenes, half as wide a network and fewer scenes than
# the demo's.
#   python tools/study.py configs/studies/digits.py
base = 'digits_full_bce.py'
losses = {
    'BCE': dict(type='mmpretrain_mlml.BCE'),
    'Hill': dict(type='mmpretrain_mlml.Hill'),
    'SPLC': dict(type='mmpretrain_mlml.SPLC'),
}
labels = {'full': dict(protocol='full'), '0.4left': dict(protocol='0.4left')}
seeds = [0]
options = dict(
    model=dict(backbone=dict(stem_channels=8, base_channels=8), head=dict(in_channels=64)),
    train_dataloader=dict(dataset=dict(size=12000)),
    default_hooks=dict(
        checkpoint=dict(max_keep_ckpts=1),
        recovery=dict(type='mmpretrain_mlml.LabelRecoveryHook', full_labels=dict(protocol='full')),
    ),
)
