# SPLC on COCO, 40 % of the labels left, with a Swin-T: no published figure; not run here yet.
#   python tools/train.py configs/coco_0.4left_splc_swin-tiny.py
_base_ = 'coco_0.4left_splc.py'
weights = dict(type='Pretrained', checkpoint='mmcls://swin_tiny', prefix='backbone')
model = dict(backbone=dict(_delete_=True, type='SwinTransformer', arch='tiny', img_size=448,
                           init_cfg=weights),
             head=dict(in_channels=768))  # fmt: skip
default_hooks = dict(label_prior=dict(type='mmpretrain_mlml.LabelPriorHook'))  # docs/safe_start.md
