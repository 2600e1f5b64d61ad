_base_ = '../datasets/coco2017.py'
train_dataloader = dict(dataset=dict(protocol='0.4left', seed=0))
