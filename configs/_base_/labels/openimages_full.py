_base_ = '../datasets/openimages.py'
train_dataloader = dict(dataset=dict(protocol='full', seed=0))
