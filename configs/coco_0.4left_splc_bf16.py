# SPLC on COCO, 40 % of the labels left, in bfloat16, on a GPU or a CPU.
# No published figure (the paper's precision is float16); not run here yet.
#   python tools/train.py configs/coco_0.4left_splc_bf16.py
_base_ = 'coco_0.4left_splc.py'
optim_wrapper = dict(type='AmpOptimWrapper', dtype='bfloat16')
