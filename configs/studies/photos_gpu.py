# The released recipe on 2,500 photographs at 224 pixels, on one GPU; not run yet. Seeds come in order:
# those that are finished make a table. benchmarks/gpu.py trains as many as fit into its time.
#   PHOTOS_ROOT=data/photos python tools/study.py configs/studies/photos_gpu.py --jobs 4
base = 'photos_full_bce_released.py'
losses = {
    'BCE': dict(type='mmpretrain_mlml.BCE'),
    'Hill': dict(type='mmpretrain_mlml.Hill'),
    'SPLC': dict(type='mmpretrain_mlml.SPLC'),
}
labels = {
    '0.4left': dict(ann_file='train_0.4left.txt'),
    'full': dict(ann_file='train_full.txt'),
}
only = ['0.4left_*', 'full_BCE_*']
images = [2500]
seeds = [0, 1, 2, 3, 4, 5, 6, 7]
options = dict(
    train_dataloader=dict(num_workers=2),
    val_dataloader=dict(num_workers=1),
    train_cfg=dict(val_interval=5),
    default_hooks=dict(checkpoint=dict(interval=31, max_keep_ckpts=1)),
)
