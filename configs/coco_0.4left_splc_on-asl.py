# SPLC's correction on ASL, COCO, 40 % of the labels left: no published figure; not run here yet.
#   python tools/train.py configs/coco_0.4left_splc_on-asl.py
_base_ = 'coco_0.4left_splc.py'
model = dict(head=dict(loss=dict(base=dict(type='mmpretrain_mlml.ASL'))))
