_base_ = '../datasets/digits.py'
train_dataloader = dict(dataset=dict(protocol='single', seed=0))
