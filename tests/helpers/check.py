"""Configs of data loaders for the check of data sets."""


def coco_loader(root, **dataset):
    load = {'type': 'mmpretrain_mlml.LoadWholeImage'}
    cfg = {'type': 'mmpretrain_mlml.COCOMissingLabel', 'data_root': str(root), 'pipeline': [load]}
    return {'dataset': {**cfg, **dataset}}
