# What Hill and SPLC gain over BCE on the embedded digit scenes when 60 % of the labels are missing.
#   python tools/demo.py
# The full report of the same runs, with intervals:
#   python tools/study.py configs/studies/demo.py --report
base = 'digits_full_bce.py'
losses = {
    'BCE': dict(type='mmpretrain_mlml.BCE'),
    'Hill': dict(type='mmpretrain_mlml.Hill'),
    'SPLC': dict(type='mmpretrain_mlml.SPLC'),
}
labels = {'full': dict(protocol='full'), '0.4left': dict(protocol='0.4left')}
only = ['full_BCE_*', '0.4left_*']
seeds = [0]
labels_follow_seed = True
options = dict(
    default_hooks=dict(
        recovery=dict(type='mmpretrain_mlml.LabelRecoveryHook', full_labels=dict(protocol='full')),
    ),
)
