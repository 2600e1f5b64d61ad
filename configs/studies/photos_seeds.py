# Two more seeds of the photos study, where labels are missing; an hour on two cores.
#   PHOTOS_ROOT=data/photos python tools/study.py configs/studies/photos_seeds.py --jobs 2
_base_ = 'photos.py'
losses = {
    '_delete_': True,
    'BCE': dict(type='mmpretrain_mlml.BCE'),
    'Hill': dict(type='mmpretrain_mlml.Hill'),
    'SPLC': dict(type='mmpretrain_mlml.SPLC'),
}
labels = {'_delete_': True, '0.4left': dict(ann_file='train_0.4left.txt')}
seeds = [1, 2]
