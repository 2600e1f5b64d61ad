_base_ = 'resnet50.py'
model = dict(data_preprocessor=dict(num_classes=9605), head=dict(num_classes=9605))
