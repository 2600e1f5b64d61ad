# SPLC on COCO, 40 % of the labels left, on timm's ConvNeXt-T: no published figure; not run here yet.
#   python tools/train.py configs/coco_0.4left_splc_timm-convnext-tiny.py
_base_ = 'coco_0.4left_splc.py'
model = dict(  # without a network: pretrained=False, and checkpoint_path=FILE for local weights
    backbone=dict(_delete_=True, type='TIMMBackbone', model_name='convnext_tiny', pretrained=True),
    head=dict(in_channels=768),
)
default_hooks = dict(label_prior=dict(type='mmpretrain_mlml.LabelPriorHook'))  # docs/safe_start.md
