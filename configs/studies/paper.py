# The paper's COCO table, labels dropped from COCO's own annotations by the published rule (with the
# released lists: paper_released.py). 28 runs of 31 epochs, one GPU each; not run here yet.
#   COCO_ROOT=data/coco python tools/study.py configs/studies/paper.py --jobs 8
#
# Without ROLE: its table of labels needs a learning rate of its own, which the paper does not state.
base = 'coco_full_bce.py'
losses = {  # summed, as in the recipe
    'BCE': dict(type='mmpretrain_mlml.BCE', reduction='sum'),
    'WAN': dict(type='mmpretrain_mlml.WAN', reduction='sum'),
    'ANLS': dict(type='mmpretrain_mlml.ANLS', reduction='sum'),
    'Focal': dict(type='mmpretrain_mlml.Focal', reduction='sum'),
    'ASL': dict(type='mmpretrain_mlml.ASL', reduction='sum'),
    'Hill': dict(type='mmpretrain_mlml.Hill', reduction='sum'),
    'SPLC': dict(type='mmpretrain_mlml.SPLC', reduction='sum'),
}
exceptions = {'0.75left': {'SPLC': dict(tau=0.65)}}  # as the released README advises
labels = {
    'full': dict(protocol='full', seed=0),
    '0.75left': dict(protocol='0.75left', seed=0),
    '0.4left': dict(protocol='0.4left', seed=0),
    'single': dict(protocol='single', seed=0),
}
seeds = [0]
options = dict(
    default_hooks=dict(
        recovery=dict(type='mmpretrain_mlml.LabelRecoveryHook', full_labels=dict(protocol='full')),
    ),
)
