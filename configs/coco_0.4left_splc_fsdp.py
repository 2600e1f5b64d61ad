# SPLC on COCO, 40 % of the labels left, parameters and optimiser in shares over the processes (FSDP),
# without the average of the weights: no published figure; not run here yet.
#   bash tools/dist_train.sh configs/coco_0.4left_splc_fsdp.py 8
_base_ = [
    '_base_/runtime.py', '_base_/models/resnet50.py', '_base_/recipes/paper_fsdp.py',
    '_base_/labels/coco_0.4left.py',
]  # fmt: skip
model = dict(head=dict(loss=dict(type='mmpretrain_mlml.SPLC')))
