# Trained by version 0.1.0 of this package, before its study package was rebuilt; see test_run.py.
base = 'small_digits.py'
losses = {'BCE': dict(type='mmpretrain_mlml.BCE'), 'SPLC': dict(type='mmpretrain_mlml.SPLC')}
labels = {'0.4left': dict(protocol='0.4left')}
seeds = [0]
options = dict(
    model=dict(backbone=dict(stem_channels=2, base_channels=2), head=dict(in_channels=16)),
    train_dataloader=dict(dataset=dict(size=256)),
    val_dataloader=dict(dataset=dict(size=20)),
    train_cfg=dict(max_epochs=2),
    default_hooks=dict(
        logger=dict(interval=1),
        recovery=dict(type='mmpretrain_mlml.LabelRecoveryHook', full_labels=dict(protocol='full')),
    ),
)
