# P-ASL on Open Images, the verified labels: mAP 86.7 (quoted) in arXiv 2110.10955, with TResNet-M and
# a learned class prior; not run here yet.
#   python tools/train.py configs/openimages_full_pasl.py
_base_ = [
    '_base_/runtime.py', '_base_/models/resnet50_openimages.py', '_base_/recipes/paper.py',
    '_base_/labels/openimages_full.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.PASL')))
