# SPLC on COCO, 40 % of the labels left, with a ResNet-101: no published figure; not run here yet.
#   python tools/train.py configs/coco_0.4left_splc_resnet101.py
_base_ = 'coco_0.4left_splc.py'
model = dict(backbone=dict(depth=101, init_cfg=dict(checkpoint='torchvision://resnet101')))
