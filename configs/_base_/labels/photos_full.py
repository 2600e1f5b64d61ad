_base_ = '../datasets/photos.py'
train_dataloader = dict(dataset=dict(ann_file='train_full.txt'))
