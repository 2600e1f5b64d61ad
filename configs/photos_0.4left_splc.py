# SPLC on photographs from COCO, 40 % of the labels left: see docs/results.md for the scores.
#   PHOTOS_ROOT=data/photos python tools/train.py configs/photos_0.4left_splc.py
_base_ = [
    '_base_/runtime.py', '_base_/models/mobilenet_v2.py', '_base_/recipes/finetune.py',
    '_base_/labels/photos_0.4left.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.SPLC')))
