# ASL on COCO, 40 % of the labels left: mAP 72.70 (quoted) in arXiv 2112.07368; not run here yet.
#   python tools/train.py configs/coco_0.4left_asl.py
_base_ = [
    '_base_/runtime.py', '_base_/models/resnet50.py', '_base_/recipes/paper.py',
    '_base_/labels/coco_0.4left.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.ASL')))
