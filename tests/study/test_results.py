"""From work directories to the paper's table."""

import cv2
import pytest
from helpers import ROOT
from helpers.support import write_run
from mmengine.config import Config

from mmpretrain_mlml import config
from mmpretrain_mlml.study import read_scores
from mmpretrain_mlml.study.paper_table import markdown
from mmpretrain_mlml.study.published import PUBLISHED_COCO
from mmpretrain_mlml.study.results import find_runs, read_result

NAMES = {'bce': 'BCE', 'focal': 'Focal', 'asl': 'ASL', 'hill': 'Hill', 'splc': 'SPLC'}


SHORT = {'train_cfg.max_epochs': 2}


@pytest.fixture
def runs(tmp_path):
    for seed, best in ((0, 74.0), (1, 76.0)):
        write_run(
            tmp_path / f'splc{seed}',
            [60] * 29 + [best, 70.0],
            **{'randomness.seed': seed},
        )
    write_run(tmp_path / 'deeper/hill', [60] * 30 + [(50, 73.25)], name='coco_0.4left_hill.py')
    listed = {'train_dataloader.dataset.ann_file': 'coco_train_singlelabel.txt'}
    listed['train_dataloader.dataset.protocol'] = 'full'
    write_run(tmp_path / 'listed', [70] * 31, name='coco_single_bce.py', **listed)
    write_run(tmp_path / 'unfinished', [60] * 7, **{'randomness.seed': 2})
    on_asl = {**SHORT, 'model.backbone.depth': 101}
    write_run(tmp_path / 'other', [61, 62], name='coco_0.4left_splc_on-asl.py', **on_asl)
    return tmp_path


def test_the_paper_table(runs, run_tool):
    out = runs / 'results.v1'
    text = run_tool('python', 'tools/collect_results.py', runs, '--out', out)
    text = text[text.index('###') :]
    _, other, paper = text.split('### ')
    assert paper.startswith('COCOMissingLabel, ResNet-50, 31 epochs, float32')
    assert '| loss | 0.4left | single |' in paper
    assert '| SPLC | 75.00 ± 1.41 (n = 2) |  |' in paper
    assert '| SPLC in the paper | 75.69 (quoted) |  |' in paper
    assert '| BCE in the paper |  | 68.57 (recalled) |' in paper
    assert '| Hill | 73.25 (n = 1) |  |' in paper  # the better of raw and averaged
    assert '| BCE |  | 70.00 (n = 1) |' in paper  # the released list, by its name
    assert 'unfinished: 7 of 31' in paper
    assert other.startswith('COCOMissingLabel, ResNet-101, 2 epochs')
    assert '| SPLC on ASL | 62.00 (n = 1) |' in other
    assert 'in the paper' not in other
    assert (runs / 'results.v1.md').read_text() in text + '\n'
    assert cv2.imread(str(runs / 'results.v1.png')).std() > 5


def results(folder):
    return [read_result(run) for run in find_runs([folder])]


def test_the_last_epoch_instead_of_the_best(runs):
    text = markdown(results(runs), 'last')
    assert '| SPLC | 70.00 ± 0.00 (n = 2) |' in text
    assert '| Hill | 50.00 (n = 1) |' in text


def test_a_run_counts_once(runs):
    write_run(runs / 'again', [60] * 31, **{'randomness.seed': 1})
    with pytest.raises(ValueError, match=r'are the same run: SPLC, 0\.4left, seed 1'):
        markdown(results(runs))


def test_nothing_to_collect_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match='no run'):
        find_runs([tmp_path])
    with pytest.raises(FileNotFoundError, match='no folder'):
        find_runs([tmp_path / 'nowhere'])


def test_resumptions_are_one_run_and_a_new_start_replaces_the_old(tmp_path):
    def scores():
        return [row['multi-label/mAP'] for row in read_scores(tmp_path)]

    write_run(tmp_path, [1, 2, 3], '20260101_000000')
    write_run(tmp_path, [33, 4], '20260102_000000', first=3)
    assert scores() == [1, 2, 33, 4]
    write_run(tmp_path, [7, 8], '20260103_000000')
    assert scores() == [7, 8]


def test_a_run_without_a_validation_is_left_out(tmp_path):
    write_run(tmp_path, [])
    assert find_runs([tmp_path]) == [tmp_path]
    assert read_result(tmp_path) is None


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
            assert f'mAP {known.map:.4g}'.rstrip('0') in comment.replace('0 (', ' ('), path.name
            assert f'({known.status})' in comment, path.name
            stated[NAMES[loss], labels] = known
    ours = {key: value for key, value in PUBLISHED_COCO.items() if key[0] in NAMES.values()}
    assert stated == ours


def test_runs_that_differ_in_more_than_loss_labels_and_seed_share_no_table(tmp_path):
    write_run(tmp_path / 'paper', [70] * 31)
    write_run(tmp_path / 'few', [40] * 31, **{'train_dataloader.dataset.indices': 300})
    write_run(tmp_path / 'tau', [50] * 31, **{'model.head.loss.tau': 0.9})
    write_run(tmp_path / 'half', [71] * 31, name='coco_0.4left_splc_fp16.py')
    write_run(tmp_path / 'bf16', [72] * 31, name='coco_0.4left_splc_bf16.py')
    write_run(tmp_path / 'three quarters', [73] * 31, name='coco_0.75left_splc.py')
    text = markdown(results(tmp_path))
    tables = {part.splitlines()[0]: part for part in text.split('### ')[1:]}
    assert len(tables) == 4
    assert text.count('in the paper |') == 3
    for value, paper in ((70, 1), (40, 0), (71, 1), (72, 0)):
        (found,) = (part for part in tables.values() if f'{value}.00 (n = 1)' in part)
        assert ('75.69 (quoted)' in found) == paper, value
    full, few = (
        next(name for name, part in tables.items() if f'{value}.00' in part) for value in (70, 40)
    )
    assert 'recipe' in full
    assert full.partition(', recipe')[0] == few.partition(', recipe')[0]
    assert '| SPLC(tau=0.9) | ' in tables[full]
    assert '| SPLC(tau=0.65) in the paper | 78.44 (recalled) |  |' in tables[full]


def test_the_config_of_a_later_test_run_changes_nothing(tmp_path):
    write_run(tmp_path, [70] * 31, '20260101_000000', **{'randomness.seed': 1})
    tested = tmp_path / '20260102_000000/vis_data'
    tested.mkdir(parents=True)
    Config.fromfile(config('coco_single_bce.py')).dump(str(tested / 'config.py'))
    found = read_result(tmp_path)
    assert (found.loss, found.labels, found.seed) == ('SPLC', '0.4left', 1)


def test_a_run_is_complete_when_its_last_epoch_is_validated(tmp_path):
    changes = {'train_cfg.max_epochs': 4, 'train_cfg.val_interval': 2}
    write_run(tmp_path / 'a', [60], first=4, **changes)
    write_run(tmp_path / 'b', [60], first=2, **changes)
    found = {result.folder.name: result.complete for result in results(tmp_path)}
    assert found == {'a': True, 'b': False}
