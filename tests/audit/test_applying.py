"""From decisions to a file of labels, and to the training on it."""

import pytest
from mmengine.config import Config

from mmpretrain_mlml.audit import TrainingLabels, apply_review
from mmpretrain_mlml.audit.next_training import training_options
from mmpretrain_mlml.labels import LabelTable, read_tag_table

LABELS = TrainingLabels(
    None, LabelTable.from_positives(['a.jpg', 'b.jpg'], [[0], [1, 2]], ['cat', 'dog', 'owl']), True
)


@pytest.fixture
def decisions(tmp_path):
    path = tmp_path / 'decisions.csv'
    path.write_text('image,class,decision\na.jpg,dog,present\na.jpg,owl,absent\n')
    return path


@pytest.mark.parametrize('name', ['new/v2.csv', 'v2.tsv', 'v2.jsonl', 'v2.txt'])
def test_the_same_review_again_succeeds_and_writes_nothing(name, decisions, tmp_path):
    out = tmp_path / name
    first = apply_review(LABELS, [decisions], out)
    assert first.lines()[-1] == f'written: {out}'
    before = out.stat()
    again = apply_review(LABELS, [decisions], out)
    assert again.lines()[-1] == f'{out} holds this result already: nothing was written'
    assert (out.stat().st_mtime_ns, out.stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    assert (again.after == first.after, again.absences_lost) == (True, first.absences_lost)


@pytest.mark.parametrize('name', ['v2.csv', 'v2.xlsx'])
def test_another_file_is_never_replaced(name, decisions, tmp_path):
    out = tmp_path / name
    out.write_text('image,tags\na.jpg,cat\nb.jpg,dog;owl\n')
    before = out.read_bytes()
    with pytest.raises(
        FileExistsError, match=f'{name} exists and is not the result of this review'
    ):
        apply_review(LABELS, [decisions], out)
    assert out.read_bytes() == before


def test_a_folder_is_not_taken_for_a_result(decisions, tmp_path):
    with pytest.raises(FileExistsError, match='give another name'):
        apply_review(LABELS, [decisions], tmp_path)


def test_decisions_that_are_not_there_may_be_where_the_browser_saved_them(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'no .*nope\.csv \(in .*folder for downloads'):
        apply_review(LABELS, [tmp_path / 'nope.csv'], tmp_path / 'v2.csv')


def training_set(**dataset):
    return Config({'train_dataloader': {'dataset': dataset}})


def test_the_training_on_the_result_reads_it_whatever_the_earlier_table_was(decisions, tmp_path):
    out = tmp_path / 'v2.csv'
    apply_review(LABELS, [decisions], out)
    inner = {'type': 'mmpretrain_mlml.TagTable', 'layout': 'rows', 'protocol': '0.4left'}
    cfg = training_set(type='RepeatDataset', times=2, dataset={**inner, 'image_suffix': '.jpg'})
    options = training_options(cfg, out)
    key = 'train_dataloader.dataset.dataset'
    assert options == [
        f'{key}.ann_file={out}', f'{key}.protocol=full', f'{key}.layout=None',
        f'{key}.image_suffix=',
    ]  # fmt: skip
    table = read_tag_table(out, LABELS.table.classes)
    assert table.dense().tolist() == [[1, 1, 0], [-1, 1, 1]]


def test_a_list_is_for_a_data_set_of_lists_and_drops_nothing_again(tmp_path):
    coco = training_set(type='mmpretrain_mlml.COCOMissingLabel', protocol='0.4left')
    key = 'train_dataloader.dataset'
    list_file = tmp_path / 'v2.txt'
    assert training_options(coco, list_file) == [
        f'{key}.ann_file={list_file}',
        f'{key}.protocol=full',
    ]
    assert training_options(coco, tmp_path / 'v2.csv') is None
    chosen = training_set(type='mmpretrain_mlml.COCOMissingLabel', classes=['dog'])
    assert training_options(chosen, list_file) is None
    assert training_options(training_set(type='mmpretrain_mlml.DigitScenes'), list_file) is None


def test_no_options_for_a_path_that_the_command_line_would_change(tmp_path):
    table = training_set(type='mmpretrain_mlml.TagTable')
    assert training_options(table, tmp_path / 'my tags.csv') is None


def test_options_of_the_call_are_kept_but_for_the_earlier_file(tmp_path):
    key, out = 'train_dataloader.dataset', tmp_path / 'v3.csv'
    cfg = training_set(type='mmpretrain_mlml.TagTable', columns={'image': 'foto'})
    given = [f'{key}.ann_file=v2.csv', f'{key}.data_root=photos', f'{key}.columns.image=foto']
    assert training_options(cfg, out, given) == [
        f'{key}.data_root=photos', f'{key}.ann_file={out}', f'{key}.columns=None',
    ]  # fmt: skip
