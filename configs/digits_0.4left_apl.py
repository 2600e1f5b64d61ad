# Entropy maximisation with pseudo-labels on the embedded digit scenes, 40 % of the labels left.
#   python tools/train.py configs/digits_0.4left_apl.py
_base_ = [
    '_base_/runtime.py', '_base_/models/digits_net.py', '_base_/recipes/digits.py',
    '_base_/labels/digits_0.4left.py',
]  # fmt: skip
loss = dict(type='mmpretrain_mlml.APL', warmup=1)  # of 3 epochs; COCO's published warm-up is 5
model = dict(head=dict(loss=loss))
