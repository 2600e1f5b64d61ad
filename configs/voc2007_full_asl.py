# ASL on VOC 2007, all labels: mAP 94.6 (quoted) in arXiv 2009.14119, with TResNet-L pretrained on
# ImageNet; not run here yet.
#   python tools/train.py configs/voc2007_full_asl.py
_base_ = [
    '_base_/runtime.py', '_base_/models/resnet50_voc.py', '_base_/recipes/paper.py',
    '_base_/labels/voc2007_full.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.ASL')))
