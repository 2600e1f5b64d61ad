# beyond_photos.py with half the learning rate.
#   python tools/study.py benchmarks/beyond_photos_low_rate.py --only '0.4left*' 'full_BCE*'
_base_ = 'beyond_photos.py'
options = dict(optim_wrapper=dict(optimizer=dict(lr=3e-4)))
