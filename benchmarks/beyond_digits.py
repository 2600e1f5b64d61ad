# The ideas of beyond_photos.py on the embedded digits, as configs/studies/digits.py trains them.
#   PYTHONPATH=benchmarks python tools/study.py benchmarks/beyond_digits.py --only '0.4left*'
_base_ = 'beyond_photos.py'
base = 'digits_full_bce.py'
losses = {
    'counted': dict(expected_positives=3.0),
    'counted-tau0.6': dict(expected_positives=3.0),
    'SPLC-on-kept': dict(type='mmpretrain_mlml.SPLC', base=dict(type='KeptBCE', keep=0.4)),
}
labels = {
    '_delete_': True,
    'full': dict(protocol='full'),
    '0.4left': dict(protocol='0.4left'),
}
images = [12000]
options = dict(
    model=dict(backbone=dict(stem_channels=8, base_channels=8), head=dict(in_channels=64)),
    default_hooks=dict(recovery=dict(full_labels=dict(_delete_=True, protocol='full'))),
)
