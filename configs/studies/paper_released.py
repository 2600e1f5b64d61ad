# The paper's COCO table on its released label lists, which lie in the COCO folder; not run here yet.
#   COCO_ROOT=data/coco python tools/study.py configs/studies/paper_released.py --jobs 8
_base_ = 'paper.py'
labels = {
    '_delete_': True,
    'full': dict(ann_file='coco_train_full.txt'),
    '0.75left': dict(ann_file='coco_train_0.75left.txt'),
    '0.4left': dict(ann_file='coco_train_0.4left.txt'),
    'single': dict(ann_file='coco_train_singlelabel.txt'),
}
options = dict(
    default_hooks=dict(
        recovery=dict(full_labels=dict(_delete_=True, ann_file='coco_train_full.txt')),
    ),
)
