"""The paper's figures, and where the configs state them."""

from helpers import ROOT

from mmpretrain_mlml.study.records.published import PUBLISHED_COCO

NAMES = {'bce': 'BCE', 'focal': 'Focal', 'asl': 'ASL', 'hill': 'Hill', 'splc': 'SPLC'}


def test_each_config_states_the_published_figure_and_that_it_has_not_been_run():
    stated = {}
    for path in (ROOT / 'configs').glob('coco_*.py'):
        comment = ''.join(
            line for line in path.read_text().splitlines(True) if line.startswith('#')
        )
        comment = ' '.join(comment.replace('#', ' ').split())
        assert 'not run here yet' in comment or 'run here:' in comment, path.name
        labels, loss, *variant = path.stem.split('_')[1:]
        known = PUBLISHED_COCO.get((NAMES[loss], labels))
        if variant and variant != ['fp16']:
            assert 'o published figure' in comment, path.name
        elif known is None:
            assert 'no published figure' in comment, path.name
        else:
            value, status = known
            assert f'mAP {value:.4g}'.rstrip('0') in comment.replace('0 (', ' ('), path.name
            assert f'({status})' in comment, path.name
            stated[NAMES[loss], labels] = known
    ours = {key: value for key, value in PUBLISHED_COCO.items() if key[0] in NAMES.values()}
    assert stated == ours
