# What the photos study could gain at most: losses that are told which labels are missing.
#   export PHOTOS_ROOT=data/photos PYTHONPATH=benchmarks:$PWD
#   python tools/study.py benchmarks/ceilings_photos.py --jobs 2 --only '0.4left*' 'full_BCE*'
_base_ = '../configs/studies/photos.py'
losses = {
    '_delete_': True,
    'BCE': dict(type='mmpretrain_mlml.BCE'),
    'BCE-missing-ignored': dict(type='MissingIgnored'),
    'SPLC-right-flips': dict(type='RightFlips'),
}
labels = {
    '_delete_': True,
    'full': dict(ann_file='train_full.txt'),
    '0.4left': dict(ann_file='train_0.4left.txt'),
}
seeds = [1]
options = dict(
    custom_imports=dict(imports=['oracle']),
    default_hooks=dict(
        oracle=dict(type='OracleHook', full_labels=dict(ann_file='train_full.txt')),
    ),
)
