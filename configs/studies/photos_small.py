# The photos study made small: 2,500 photographs, three losses; an hour or two on
# two cores, a third of that with --only '*seed0'.
#   PHOTOS_ROOT=data/photos python tools/study.py configs/studies/photos_small.py --jobs 2
_base_ = 'photos.py'
losses = {
    '_delete_': True,
    'BCE': dict(type='mmpretrain_mlml.BCE'),
    'Hill': dict(type='mmpretrain_mlml.Hill'),
    'SPLC': dict(type='mmpretrain_mlml.SPLC'),
}
labels = {
    '_delete_': True,
    'full': dict(ann_file='train_full.txt'),
    '0.4left': dict(ann_file='train_0.4left.txt'),
}
images = [2500]
seeds = [0, 1, 2]
