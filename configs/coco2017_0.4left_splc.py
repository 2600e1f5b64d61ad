# SPLC on COCO 2017, 40 % of the labels left: no published figure; not run here yet.
#   python tools/train.py configs/coco2017_0.4left_splc.py
_base_ = [
    '_base_/runtime.py', '_base_/models/resnet50.py', '_base_/recipes/paper.py',
    '_base_/labels/coco2017_0.4left.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.SPLC')))
