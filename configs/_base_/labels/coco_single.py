_base_ = '../datasets/coco.py'
train_dataloader = dict(dataset=dict(protocol='single', seed=0))
