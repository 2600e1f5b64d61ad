# SPLC on NUS-WIDE, one label an image left: the best mAP in arXiv 2112.07368 is 55.2 (quoted), on a
# released list of fewer images (docs/datasets.md); not run here yet.
#   python tools/train.py configs/nus_single_splc.py
_base_ = [
    '_base_/runtime.py', '_base_/models/resnet50_nus.py', '_base_/recipes/paper.py',
    '_base_/labels/nus_single.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.SPLC')))
