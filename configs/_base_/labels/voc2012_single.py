_base_ = '../datasets/voc2012.py'
train_dataloader = dict(dataset=dict(protocol='single', seed=0))
