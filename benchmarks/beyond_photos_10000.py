# beyond_photos.py with all 10,000 photographs.
#   python tools/study.py benchmarks/beyond_photos_10000.py --only '*kept*'
_base_ = 'beyond_photos.py'
images = [10000]
