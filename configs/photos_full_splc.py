# SPLC on photographs from COCO, all labels: see docs/results.md for the scores.
#   PHOTOS_ROOT=data/photos python tools/train.py configs/photos_full_splc.py
_base_ = [
    '_base_/runtime.py', '_base_/models/mobilenet_v2.py', '_base_/recipes/finetune.py',
    '_base_/labels/photos_full.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.SPLC')))
