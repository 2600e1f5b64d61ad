_base_ = '../datasets/digits.py'
train_dataloader = dict(dataset=dict(protocol='0.4left', seed=0))
