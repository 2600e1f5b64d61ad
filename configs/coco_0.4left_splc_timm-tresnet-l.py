# SPLC on COCO, 40 % of the labels left, on timm's TResNet-L: no published figure; not run here yet.
#   python tools/train.py configs/coco_0.4left_splc_timm-tresnet-l.py
_base_ = 'coco_0.4left_splc.py'
model = dict(  # without a network: pretrained=False, and checkpoint_path=FILE for local weights
    backbone=dict(_delete_=True, type='TIMMBackbone', model_name='tresnet_l', pretrained=True),
    head=dict(in_channels=2432),
)
