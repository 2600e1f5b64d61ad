_base_ = '../datasets/digits.py'
train_dataloader = dict(dataset=dict(protocol='full', unknown=0.5, seed=0))
