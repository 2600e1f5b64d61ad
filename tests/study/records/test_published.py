"""The paper's figures, and where the configs state them."""

import re

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
        elif known[1] == 'recalled':  # not to be cited
            assert 'could not be confirmed' in comment, path.name
        else:
            figure = f'mAP {known[0]:.2f} (quoted) in arXiv 2112.07368'
            assert figure in comment, path.name
            stated[NAMES[loss], labels] = known
    quoted = {key: value for key, value in PUBLISHED_COCO.items() if value[1] == 'quoted'}
    assert stated == quoted


def test_each_figure_in_a_config_is_quoted_and_has_its_source():
    for path in (ROOT / 'configs').rglob('*.py'):
        comments = ' '.join(re.findall(r'^# *(.*)', path.read_text(), re.MULTILINE))
        if re.search(r'mAP.*\d\d\.\d', comments):
            assert '(quoted' in comments, path.name
            assert re.search(r'arXiv \d{4}\.\d{5}', comments), path.name
        assert 'recalled' not in comments, path.name
