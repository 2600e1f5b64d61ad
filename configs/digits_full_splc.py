# SPLC on the embedded digit scenes, all labels.
#   python tools/train.py configs/digits_full_splc.py
_base_ = [
    '_base_/runtime.py', '_base_/models/digits_net.py', '_base_/recipes/digits.py',
    '_base_/labels/digits_full.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.SPLC')))
