_base_ = '../datasets/voc2007.py'
train_dataloader = dict(dataset=dict(protocol='full', seed=0))
