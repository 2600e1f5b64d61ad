# SPLC on COCO, 40 % of the labels left, on a backbone of timm: no published figure; not run here yet.
#   python tools/train.py configs/coco_0.4left_splc_timm-convnext-tiny.py
_base_ = 'coco_0.4left_splc.py'
model = dict(
    backbone=dict(
        _delete_=True, type='TIMMBackbone', model_name='convnext_tiny', features_only=False,
        pretrained=True,
    ),
    head=dict(in_channels=768),
)  # fmt: skip
