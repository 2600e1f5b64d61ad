# beyond_photos.py with twice the learning rate.
#   python tools/study.py benchmarks/beyond_photos_high_rate.py --only '0.4left*' 'full_BCE*'
_base_ = 'beyond_photos.py'
options = dict(optim_wrapper=dict(optimizer=dict(lr=1.2e-3)))
