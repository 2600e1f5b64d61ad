# BCE on photographs from COCO, all labels, the released recipe at 224 pixels; for a GPU, not run yet.
#   PHOTOS_ROOT=data/photos python tools/train.py configs/photos_full_bce_released.py
_base_ = [
    '_base_/runtime.py', '_base_/models/mobilenet_v2.py', '_base_/recipes/paper_small.py',
    '_base_/datasets/photos_released.py',
]  # fmt: skip
train_dataloader = dict(batch_size=32)  # 79 iterations for 2,500 photographs
