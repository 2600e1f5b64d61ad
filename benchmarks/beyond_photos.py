# Ideas beyond Hill and SPLC on a whole network.
#   export PHOTOS_ROOT=data/photos PYTHONPATH=benchmarks:$PWD
#   python tools/study.py benchmarks/beyond_photos.py --only '0.4left*' 'full_BCE*'
base = 'photos_full_bce.py'
losses = {
    'BCE': dict(type='mmpretrain_mlml.BCE'),
    'Hill': dict(type='mmpretrain_mlml.Hill'),
    'SPLC': dict(type='mmpretrain_mlml.SPLC'),
    'SPLC-on-BCE': dict(type='mmpretrain_mlml.SPLC', base=dict(type='mmpretrain_mlml.BCE')),
    'teacher': dict(type='TeacherFlips'),
    'two-views': dict(type='ViewsFlips'),
    'kept-likelihood': dict(type='KeptBCE', keep=0.4),
    'no-focus': dict(type='mmpretrain_mlml.SPLC', tau=0.55, gamma=0, margin=1.5),
    'counted': dict(type='CountedSPLC', tau=0.5, expected_positives=3.1),
    'counted-tau0.6': dict(type='CountedSPLC', tau=0.6, expected_positives=3.1),
}
labels = {
    'full': dict(ann_file='train_full.txt'),
    '0.4left': dict(ann_file='train_0.4left.txt'),
}
images = [2500]
seeds = [0]
options = dict(
    custom_imports=dict(imports=['second_opinion']),
    default_hooks=dict(
        checkpoint=dict(max_keep_ckpts=1),
        opinion=dict(type='SecondOpinionHook'),
        recovery=dict(
            type='mmpretrain_mlml.LabelRecoveryHook',
            full_labels=dict(ann_file='train_full.txt'),
        ),
    ),
)
