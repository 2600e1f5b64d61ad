_base_ = '../datasets/coco.py'
train_dataloader = dict(dataset=dict(protocol='full', seed=0))
