# SPLC on COCO, 40 % of the labels left, with a ViT-B/16: no published figure; not run here yet.
#   python tools/train.py configs/coco_0.4left_splc_vit-base.py
_base_ = 'coco_0.4left_splc.py'
weights = dict(type='Pretrained', checkpoint='mmcls://vit_base_p16', prefix='backbone')
model = dict(backbone=dict(_delete_=True, type='VisionTransformer', arch='base', img_size=448,
                           patch_size=16, init_cfg=weights),
             neck=None, head=dict(in_channels=768))  # fmt: skip
default_hooks = dict(label_prior=dict(type='mmpretrain_mlml.LabelPriorHook'))  # docs/safe_start.md
