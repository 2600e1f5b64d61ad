# SPLC on VOC 2012, one label an image left: the best mAP on VOC in arXiv 2112.07368 is 88.1 (quoted,
# by a listing that names VOC 2007); not run here yet.
#   python tools/train.py configs/voc2012_single_splc.py
_base_ = [
    '_base_/runtime.py', '_base_/models/resnet50_voc.py', '_base_/recipes/paper.py',
    '_base_/labels/voc2012_single.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.SPLC')))
