# SPLC on the embedded digit scenes, one label an image left.
#   python tools/train.py configs/digits_single_splc.py
_base_ = [
    '_base_/runtime.py', '_base_/models/digits_net.py', '_base_/recipes/digits.py',
    '_base_/labels/digits_single.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.SPLC')))
