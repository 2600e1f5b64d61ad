# BCE on COCO, all labels: the paper's mAP could not be confirmed; not run here yet.
#   python tools/train.py configs/coco_full_bce.py
_base_ = [
    '_base_/runtime.py', '_base_/models/resnet50.py', '_base_/recipes/paper.py',
    '_base_/labels/coco_full.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.BCE')))
