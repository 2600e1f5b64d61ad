# SPLC on COCO, 40 % of the labels left, in float16 as the released trainer; needs a GPU.
# Same figure as coco_0.4left_splc.py: mAP 75.69 (quoted) in arXiv 2112.07368; not run here yet.
#   python tools/train.py configs/coco_0.4left_splc_fp16.py
_base_ = 'coco_0.4left_splc.py'
optim_wrapper = dict(  # fused: the loss scaler does not wait for the GPU
    type='AmpOptimWrapper', dtype='float16', optimizer=dict(fused=True)
)
