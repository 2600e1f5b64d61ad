_base_ = '../datasets/coco.py'
train_dataloader = dict(dataset=dict(protocol='0.75left', seed=0))
