_base_ = 'resnet50.py'
model = dict(data_preprocessor=dict(num_classes=20), head=dict(num_classes=20))
