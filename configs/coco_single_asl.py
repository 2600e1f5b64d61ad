# ASL on COCO, one label an image left: the paper's mAP could not be confirmed; not run here yet.
#   python tools/train.py configs/coco_single_asl.py
_base_ = [
    '_base_/runtime.py', '_base_/models/resnet50.py', '_base_/recipes/paper.py',
    '_base_/labels/coco_single.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.ASL')))
