_base_ = '../datasets/digits.py'
train_dataloader = dict(dataset=dict(protocol='full', seed=0))
