import pytest

from mmpretrain_mlml.audit import apply_decisions, merge_decisions, read_decisions
from mmpretrain_mlml.labels import DataError, LabelTable

TABLE = LabelTable.from_positives(['a.jpg', 'b,1.jpg'], [[0], [1, 2]], ['cat', 'dog, wet', 'owl'])


def decisions_file(tmp_path, text, name='decisions.csv'):
    path = tmp_path / name
    path.write_text(text, encoding='utf-8')
    return path


def decide(tmp_path, lines, name='decisions.csv'):
    return read_decisions(decisions_file(tmp_path, f'image,class,decision\n{lines}', name))


def test_decisions_become_labels_and_unsure_changes_nothing(tmp_path):
    lines = (
        'a.jpg,"dog, wet",present\na.jpg,owl,absent\n"b,1.jpg",cat,unsure\n"b,1.jpg",owl,absent\n'
    )
    after = apply_decisions(TABLE, decide(tmp_path, lines))
    assert after.dense().tolist() == [[1, 1, 0], [-1, 1, 0]]
    assert TABLE.dense().tolist() == [[1, -1, -1], [-1, 1, 1]]


def test_applying_twice_is_the_same_as_once(tmp_path):
    decisions = decide(tmp_path, 'a.jpg,owl,absent\na.jpg,cat,absent\n')
    once = apply_decisions(TABLE, decisions)
    assert apply_decisions(once, decisions) == once != TABLE


def test_reviewer_and_time_are_kept_and_other_columns_allowed(tmp_path):
    columns = 'rank,image,class,decision,reviewer,time'
    text = f'\ufeff{columns}\n1,a.jpg,owl,present,Ann,2026-01-02T03:04:05Z\n'
    (decision,) = read_decisions(decisions_file(tmp_path, text))
    assert (decision.reviewer, decision.time) == ('Ann', '2026-01-02T03:04:05Z')


def test_files_merge_and_disagreement_is_a_conflict(tmp_path):
    ann = decide(
        tmp_path, 'a.jpg,owl,present\na.jpg,cat,unsure\n"b,1.jpg",cat,present\n', 'ann.csv'
    )
    bob = decide(tmp_path, 'a.jpg,owl,absent\na.jpg,cat,absent\n"b,1.jpg",cat,present\n', 'bob.csv')
    merged = merge_decisions([ann, bob])
    assert {entry: one.decision for entry, one in merged.decisions.items()} == {
        ('a.jpg', 'cat'): 'absent',
        ('b,1.jpg', 'cat'): 'present',
    }
    ((one, other),) = merged.conflicts
    assert one.where.endswith('ann.csv:2')
    assert other.where.endswith('bob.csv:2')


def test_a_later_line_of_a_file_replaces_an_earlier_one(tmp_path):
    merged = merge_decisions([decide(tmp_path, 'a.jpg,owl,present\na.jpg,owl,absent\n')])
    assert [one.decision for one in merged.decisions.values()] == ['absent']


def test_two_people_in_a_file_can_disagree(tmp_path):
    text = 'image,class,decision,reviewer\na.jpg,owl,present,Ann\na.jpg,owl,absent,Bob\n'
    merged = merge_decisions([read_decisions(decisions_file(tmp_path, text))])
    assert merged.decisions == {}
    assert [(one.reviewer, other.reviewer) for one, other in merged.conflicts] == [('Ann', 'Bob')]


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('', 'csv:1: got the columns of an empty file; expected also image, class, decision'),
        ('image,class\na,b\n', 'csv:1: got the columns image, class; expected also decision'),
        ('image,class,decision\na.jpg,owl,yes\n', "csv:2: got decision 'yes'"),
        ('image,class,decision\na.jpg,owl\n', 'csv:2: got another number of cells'),
        ('image,class,decision\na.jpg,owl,absent,1\n', 'csv:2: got another number of cells'),
        ('image,class,decision\n,owl,absent\n', 'csv:2: got an empty cell'),
        ('image,class,decision\n"a.jpg,owl,absent\n', r'csv:\d: .* a CSV file'),
    ],
)
def test_a_bad_line_is_named(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read_decisions(decisions_file(tmp_path, text))


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('c.jpg,owl,absent', "csv:2: got image 'c.jpg'; expected an image of the training set"),
        ('a.jpg,cow,absent', "csv:2: got class 'cow'; expected a class of the training set"),
    ],
)
def test_decisions_about_something_else_are_refused(tmp_path, line, message):
    with pytest.raises(DataError, match=message):
        apply_decisions(TABLE, decide(tmp_path, line + '\n'))
