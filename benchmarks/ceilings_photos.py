# What photos_small could gain at most: losses that are told which labels are missing.
#   export PHOTOS_ROOT=data/photos PYTHONPATH=benchmarks:$PWD
#   python tools/study.py benchmarks/ceilings_photos.py --jobs 2 --only '0.4left*' 'full_BCE_*'
_base_ = '../configs/studies/photos_small.py'
losses = {
    'BCE-missing-ignored': dict(type='MissingIgnored'),
    'SPLC-right-flips': dict(type='RightFlips'),
}
seeds = [0]
options = dict(
    custom_imports=dict(imports=['oracle']),
    default_hooks=dict(
        oracle=dict(type='OracleHook', full_labels=dict(ann_file='train_full.txt')),
    ),
)
