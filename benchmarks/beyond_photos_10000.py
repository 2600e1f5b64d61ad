# beyond_photos.py with all 10,000 photographs.
#   python tools/study.py benchmarks/beyond_photos_10000.py --only '*kept*seed0' '*focus*seed1'
_base_ = 'beyond_photos.py'
images = [10000]
seeds = [0, 1]
