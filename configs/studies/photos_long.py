# Does a network memorise missing labels if it sees few photographs often? 2,500 of them, 24 epochs.
#   PHOTOS_ROOT=data/photos python tools/study.py configs/studies/photos_long.py --jobs 2
_base_ = 'photos_small.py'
labels = {'_delete_': True, '0.4left': dict(ann_file='train_0.4left.txt')}
seeds = [0]
options = dict(
    train_cfg=dict(max_epochs=24, val_interval=3),
    param_scheduler=dict(total_steps=24, end=24),
)
