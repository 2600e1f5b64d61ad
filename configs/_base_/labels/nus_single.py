_base_ = '../datasets/nus.py'
train_dataloader = dict(dataset=dict(protocol='single', seed=0))
