# SPLC on COCO, 40 % of the labels left, with a shorter recipe of ours, whose one-cycle ends where the
# training ends: no published figure, not for comparing with the paper's; not run here yet.
#   python tools/train.py configs/coco_0.4left_splc_10epochs.py
_base_ = 'coco_0.4left_splc.py'
param_scheduler = dict(total_steps=10, end=10)
train_cfg = dict(max_epochs=10)
