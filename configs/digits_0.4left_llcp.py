# LL-Cp on the embedded digit scenes, 40 % of the labels left.
#   python tools/train.py configs/digits_0.4left_llcp.py
_base_ = [
    '_base_/runtime.py', '_base_/models/digits_net.py', '_base_/recipes/digits.py',
    '_base_/labels/digits_0.4left.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.LLCp')))
