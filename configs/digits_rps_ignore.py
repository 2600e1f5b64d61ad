# BCE over what is known on the embedded digit scenes, half of all entries unknown.
#   python tools/train.py configs/digits_rps_ignore.py
_base_ = [
    '_base_/runtime.py', '_base_/models/digits_net.py', '_base_/recipes/digits.py',
    '_base_/labels/digits_rps.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.Ignore')))
