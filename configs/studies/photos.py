# The losses on photographs from COCO, under PHOTOS_ROOT or data/photos.
#   PHOTOS_ROOT=data/photos python tools/study.py configs/studies/photos.py
base = 'photos_full_bce.py'
losses = {
    'BCE': dict(type='mmpretrain_mlml.BCE'),
    'WAN': dict(type='mmpretrain_mlml.WAN'),
    'ANLS': dict(type='mmpretrain_mlml.ANLS'),
    'Focal': dict(type='mmpretrain_mlml.Focal'),
    'ASL': dict(type='mmpretrain_mlml.ASL'),
    'Hill': dict(type='mmpretrain_mlml.Hill'),
    'SPLC': dict(type='mmpretrain_mlml.SPLC'),
}
labels = {
    'full': dict(ann_file='train_full.txt'),
    '0.4left': dict(ann_file='train_0.4left.txt'),
    'single': dict(ann_file='train_singlelabel.txt'),
}
seeds = [0]
options = dict(
    default_hooks=dict(
        checkpoint=dict(max_keep_ckpts=1),
        recovery=dict(
            type='mmpretrain_mlml.LabelRecoveryHook',
            full_labels=dict(ann_file='train_full.txt'),
        ),
    ),
)
