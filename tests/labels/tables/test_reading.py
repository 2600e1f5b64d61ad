"""Every format and layout gives the labels that a person reads in it, or an error with its place."""

import json
from pathlib import Path

import pytest

from mmpretrain_mlml.labels import LabelError, parse_tag_table, read_tag_table


@pytest.fixture
def parse(tmp_path):
    """Write a table and parse it: parse('tags.csv', text, ...)."""

    def write_and_parse(name, text, *args, **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return parse_tag_table(path, *args, **options)

    return write_and_parse


def content(parsed):
    """Names and labels of a table without problems, as plain lists."""
    table = parsed.require_no_problems()
    return table.classes, dict(zip(table.names, table.dense().tolist()))


CAT_DOG = ('cat', 'dog'), {'a.jpg': [1, 1], 's/b.jpg': [-1, -1], 'c.jpg': [-1, 1]}


@pytest.mark.parametrize(
    ('name', 'text', 'words'),
    [
        ('t.csv', 'image,tags\na.jpg,cat;dog\ns/b.jpg,\nc.jpg,dog\n', 'CSV, tags in a cell'),
        ('t.csv', 'file_name,labels\na.jpg,"dog, cat"\ns/b.jpg,\nc.jpg,dog\n', "separated by ','"),
        ('t.csv', 'Image ID,x,Tags\na.jpg,1,cat dog\ns/b.jpg,,\nc.jpg,,dog\n', 'not read: x'),
        ('t.csv', 'image;tags\na.jpg;cat|dog\ns/b.jpg;\nc.jpg;dog\n', "CSV with ';'"),
        ('t.csv', '\ufeffimage,tags\r\na.jpg,cat;dog\r\ns/b.jpg,\r\nc.jpg,dog\r\n', 'CSV, tags'),
        ('t.csv', 'image,tags\na.jpg,"[""cat"", ""dog""]"\ns\\b.jpg,[]\nc.jpg,"[""dog""]"', "'json'"),
        ('t.csv', 'a.jpg,cat dog\ns/b.jpg,\nc.jpg,dog\n', 'CSV without names of columns'),
        ('t.tsv', 'image\ttags\na.jpg\tcat,dog\ns/b.jpg\t\nc.jpg\tdog\n', 'TSV, tags in a cell'),
        ('t.csv', 'image,tag\na.jpg,cat\na.jpg,dog\ns/b.jpg,\nc.jpg,dog\n', 'one row a tag'),
        ('t.csv', 'image,tag,value\na.jpg,cat,1\ns/b.jpg,,\nc.jpg,dog,1\na.jpg,dog,1\n', "'value'"),
        ('t.csv', 'image,dog,cat\na.jpg,1,1\ns/b.jpg,,-1\nc.jpg,1,\n', 'one column a class (2)'),
        ('t.jsonl', '{"image": "a.jpg", "tags": ["dog", "cat"]}\n{"image": "s/b.jpg"}\n'
         '{"image": "c.jpg", "tags": "dog"}\n', 'JSON lines, tags in a cell'),
        ('t.jsonl', '{"image": "a.jpg", "dog": 1, "cat": true}\n{"image": "s/b.jpg", "dog": null}\n'
         '{"image": "c.jpg", "dog": 1, "cat": -1}\n', 'one column a class (2)'),
    ],
)  # fmt: skip
def test_layouts_are_found_out_and_named(parse, name, text, words):
    parsed = parse(name, text)
    assert content(parsed) == CAT_DOG
    assert words in parsed.notes[0]
    assert '2 classes found, cat, dog' in parsed.notes[1]


def test_lists_of_ids(parse):
    text = 'a.jpg, 0 1\ns/b.jpg,\nc.jpg,1\n'
    assert content(parse('list.txt', text, ['cat', 'dog'])) == CAT_DOG
    assert parse('list.txt', text).table.classes == ('0', '1')
    assert content(parse('list.csv', text, ['cat', 'dog'], layout='ids')) == CAT_DOG
    (problem,) = parse('list.txt', 'a.jpg,3\n', ['cat', 'dog']).problems
    assert 'list.txt:1: got class index' in str(problem)


def test_folders_with_text_files(tmp_path):
    (tmp_path / 's').mkdir()
    for name in ('a.jpg', 'c.jpg', 's/b.jpg'):
        (tmp_path / name).write_bytes(b'')
    (tmp_path / 'a.txt').write_text('dog, cat\n')
    (tmp_path / 'c.jpg.txt').write_text('dog')
    parsed = parse_tag_table(tmp_path)
    assert content(parsed) == CAT_DOG
    assert "3 images, 2 of them with a text file of tags separated by ','" in parsed.notes[0]
    assert parsed.table.location_of(2) == f'{tmp_path}/s/b.jpg'
    (tmp_path / 's/d.txt').write_text('dog')
    (problem,) = parse_tag_table(tmp_path).problems
    assert str(problem).startswith(f'{tmp_path}/s/d.txt: got a text file without an image')


def test_a_missing_pyarrow_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__('sys').modules, 'pyarrow', None)
    (tmp_path / 't.parquet').write_bytes(b'')
    with pytest.raises(ImportError, match=r'pip install .mmpretrain_mlml\[parquet\]'):
        read_tag_table(tmp_path / 't.parquet')


OPEN_IMAGES = """ImageID,Source,LabelName,Confidence
0001,verification,/m/011k07,1
0001,verification,/m/012w5l,0
0002,machine,/m/011k07,0.7
0002,machine,/m/012w5l,0.2
"""


def test_open_images(parse):
    options = {'image_suffix': '.jpg', 'classes': ['/m/011k07', '/m/012w5l']}
    parsed = parse('t.csv', OPEN_IMAGES, **options, min_confidence=0.5)
    assert content(parsed)[1] == {'0001.jpg': [1, 0], '0002.jpg': [1, -1]}
    first, _ = parse('t.csv', OPEN_IMAGES, **options).problems
    assert str(first).endswith("t.csv:4: got the value '0.7'; expected " + first.expected)
    assert first.expected == '1/true/yes (present), 0/false/no (absent), -1 (unobserved) or nothing'


@pytest.mark.parametrize(('unlisted', 'label'), [('unobserved', -1), ('absent', 0)])
def test_what_a_table_does_not_say(parse, unlisted, label):
    cells = parse('t.csv', 'image,tags\na.jpg,cat\nb.jpg,dog\n', unlisted=unlisted)
    assert cells.table.dense().tolist() == [[1, label], [label, 1]]
    columns = parse('t.csv', 'image,cat,dog\na.jpg,1,\nb.jpg,-1,0\n', unlisted=unlisted)
    assert columns.table.dense().tolist() == [[1, label], [-1, 0]]


def test_absent_and_unobserved_tags_have_columns(parse):
    text = 'image,tags,absent,unknown\na.jpg,x,y|z,\nb.jpg,,x,z\n'
    parsed = parse('t.csv', text, unlisted='absent')
    assert parsed.table.dense().tolist() == [[1, 0, 0], [0, 0, -1]]
    text = (
        '{"image": "a.jpg", "tags": {"x": 1, "y": 0}}\n{"image": "b.jpg", "tags": {"z": "yes"}}\n'
    )
    assert parse('t.jsonl', text).table.dense().tolist() == [[1, 0, -1], [-1, -1, 1]]


def test_values_are_what_the_table_says(parse):
    values = {'present': ['P'], 'absent': ['N', 2], 'unobserved': ['U']}
    text = 'image,x,y,z\na.jpg,P,n,2.0\nb.jpg,U,,p\n'
    assert parse('t.csv', text, values=values).table.dense().tolist() == [[1, 0, 0], [-1, -1, 1]]
    (problem,) = parse('t.csv', 'image,x\na.jpg,1\n', values=values).problems
    assert "the value '1' in the column 'x'; expected p (present), n/2 (absent), u" in str(problem)


def test_further_columns(parse):
    text = 'patient,image,tags,site\n7,a.jpg,cat,A\n8,b.jpg,,\n'
    table = parse('t.csv', text, extras=['patient', 'site']).table
    assert {name: list(column) for name, column in table.extras.items()} == {
        'patient': ['7', '8'],
        'site': ['A', ''],
    }
    rows = 'image,tag,value,site\na.jpg,x,1,A\nb.jpg,x,0,B\na.jpg,y,1,A\n'
    assert list(parse('t.csv', rows, extras=['site']).table.extras['site']) == ['A', 'B']


NAMES = [
    'a;b',
    'c|d',
    'e,f',
    '"quoted"',
    "it's",
    'two words',
    '日本語',
    'é',
    '..',
    '/m/01',
    '-1',
    '#',
]


def test_class_names_may_hold_anything_that_prints(parse):
    rows = [{'image': f'{n}.jpg', 'tags': [name]} for n, name in enumerate(NAMES)]
    parsed = parse('t.jsonl', '\n'.join(map(json.dumps, rows)), NAMES)
    assert list(parsed.require_no_problems().positive_lists) == [[n] for n in range(len(NAMES))]
    assert parse('t.jsonl', '\n'.join(map(json.dumps, rows))).table.classes == tuple(sorted(NAMES))


def test_classes_that_are_numbers_are_sorted_as_numbers(parse):
    assert parse('t.csv', 'image,tags\na.jpg,10;9;100\n').table.classes == ('9', '10', '100')


def test_a_hundred_thousand_classes(parse):
    names = [f'class {n:06d}' for n in range(100_000)]
    text = 'image,tags\n' + ''.join(f'{n}.jpg,{names[n]};{names[-1]}\n' for n in range(3))
    table = parse('t.csv', text + f'x.jpg,{";".join(names)}\n', names).require_no_problems()
    assert table.positives(1) == [1, 99_999]
    assert len(table.positives(3)) == 100_000


PROBLEMS = {
    'unknown class': ('a.jpg,cat\nb.jpg,dgo', 3, "the class 'dgo'", "2 classes; nearest: 'dog'"),
    'case': ('a.jpg,Dog', 2, "the class 'Dog'", "nearest: 'dog'"),
    'empty tag': ('a.jpg,cat;;dog', 2, "''", 'class names between the separators'),
    'thrice': ('a.jpg,cat;dog;cat;dog;cat', 2, "the class 'cat' twice", 'each class once'),
    'twice': ('a.jpg,cat;cat', 2, "the class 'cat' twice", 'each class once'),
    'again': ('a.jpg,cat;dog\nb.jpg,\na.jpg,', 4, "'a.jpg' again, first at", "layout='rows'"),
    'other spelling': ('a.jpg,cat;dog\n./a.jpg,', 3, "'./a.jpg' again", 'each image once'),
    'outside': ('../a.jpg,cat', 2, "'../a.jpg'", 'a path inside the image folder'),
    'absolute': ('C:\\a.jpg,cat', 2, "'C:/a.jpg'", 'a path inside the image folder'),
    'no name': (',cat', 2, "''", 'a name without control characters'),
    'line end in a name': ('"a\nb.jpg",cat', 2, r"'a\nb.jpg'", 'a name without control'),
    'too few cells': ('a.jpg', 2, '1 cells', '2 cells, as in the first line'),
    'empty line': ('a.jpg,cat\n\nb.jpg,', 3, 'an empty line', '2 cells'),
    'quotes': ('"a.jpg"x,cat\nb.jpg,', 2, "',' expected after", 'cells with quotes around'),
    'open quote': ('a.jpg,"cat\nb.jpg,\n', 2, 'unexpected end of data', 'cells with quotes'),
}


@pytest.mark.parametrize(('rows', 'line', 'got', 'expected'), PROBLEMS.values(), ids=PROBLEMS)
def test_bad_rows_are_named_and_the_others_read(parse, tmp_path, rows, line, got, expected):
    parsed = parse('t.csv', f'image,tags\n{rows}\n', ['cat', 'dog'], separator=';')
    (problem,) = parsed.problems
    assert problem.where == f'{tmp_path}/t.csv:{line}'
    assert got in problem.got
    assert expected in problem.expected
    with pytest.raises(LabelError):
        parsed.require_no_problems()
    places = {parsed.table.location_of(row) for row in range(len(parsed.table))}
    if got != "the class 'cat' twice":
        assert problem.where not in places


def test_bytes_that_are_not_text(parse):
    parsed = parse('t.csv', b'image,tags\na.jpg,caf\xe9\nb.jpg,x\n\xff.jpg,x\n')
    assert [problem.where.rpartition(':')[2] for problem in parsed.problems] == ['2', '4']
    assert parsed.problems[0].expected == 'UTF-8 text'
    assert parse('t.csv', 'image,tags\na.jpg,x\n'.encode('utf-16')).problems[0].got == 'UTF-16'


def test_contradictions_in_rows(parse):
    text = 'image,tag,value\na.jpg,x,1\nb.jpg,x,1\na.jpg,x,0\nc.jpg,,1\nd.jpg,x,7\n'
    problems = parse('t.csv', text).problems
    assert [str(problem).partition('t.csv:')[2] for problem in problems] == [
        "2: got the class 'x' twice with different labels; expected each class once for an image",
        "5: got the value '1' without a tag; expected a tag",
        "6: got the value '7'; expected 1/true/yes (present), 0/false/no (absent), -1 (unobserved) "
        'or nothing',
    ]


@pytest.mark.parametrize(
    ('name', 'text', 'message'),
    [
        ('t.csv', '', r't\.csv:1: got an empty file; expected the names of the columns'),
        ('t.csv', 'image,tags\n', r't\.csv: got no image; expected one image a row'),
        ('t.csv', 'image,tags\na.jpg,\n', r't\.csv: got no tag; expected a tag of some image, or'),
        ('t.csv', 'image,tags,tags\na.jpg,x,y\n', r't\.csv:1: got two columns .tags.; expected'),
        (
            't.csv',
            'x,y\n1,2\n',
            r"no column for the images among x, y; .*columns=dict\(image='x'\)",
        ),
        ('t.csv', 'image\na.jpg\n', r'no column of a class among image'),
        ('t.json', '{}', r'unknown kind .\.json.; .* COCO annotations belong to COCOMissingLabel'),
        ('t.jsonl', '[1]\n', r't\.jsonl:1: got .\[1\]., which is no object; expected one JSON'),
        ('t.jsonl', '{"image": "a", "x": 1, "x": 0}\n', r't\.jsonl:1: got two columns .x.'),
        ('t.jsonl', '', r't\.jsonl: got no line'),
    ],
)
def test_tables_that_cannot_be_read(parse, name, text, message):
    with pytest.raises(LabelError, match=message):
        parse(name, text).require_no_problems()


def test_options_that_cannot_be_used(parse, tmp_path):
    text = 'image,tags\na.jpg,cat\n'
    for option, message in (
        ({'layout': 'row'}, "layout='row': expected one of"),
        ({'unlisted': -1}, 'unlisted=-1: expected one of'),
        ({'columns': {'img': 'image'}}, "columns has 'img'; expected some of"),
        ({'values': {'yes': ['1']}}, "values has 'yes'; expected present, absent, unobserved"),
        ({'values': {'present': [1], 'absent': ['1.0']}}, "gives '1.0' two meanings"),
        ({'min_confidence': 2}, r'min_confidence=2: expected a number in \(0, 1\]'),
        ({'extras': 'site'}, "extras='site': expected a list"),
        ({'extras': ['site']}, r"columns image, tags; expected 'site' of extras among them"),
        ({'columns': {'tags': 'tag'}}, r"expected 'tag' of columns\['tags'\] among them"),
    ):
        with pytest.raises(ValueError, match=message):
            parse('t.csv', text, **option).require_no_problems()
    with pytest.raises(TypeError, match='separater'):
        parse('t.csv', text, separater=';')
    with pytest.raises(FileNotFoundError, match='no nowhere'):
        read_tag_table('nowhere.csv')


def test_class_lists(parse, tmp_path):
    text = 'image,tags\na.jpg,cat;owl;emu\n'
    (tmp_path / 'classes.txt').write_text('dog\ncat\n')
    parsed = parse('t.csv', text, tmp_path / 'classes.txt', other_classes='drop')
    assert content(parsed) == (('dog', 'cat'), {'a.jpg': [-1, 1]})
    assert '2 classes are not in the class list and left out, owl, emu' in parsed.notes[1]
    columns = parse('t.csv', 'image,owl,cat\na.jpg,7,1\n', ['cat'], other_classes='drop')
    assert content(columns) == (('cat',), {'a.jpg': [1]})
    for classes, message in (
        ('dog\ndog\n', r"classes.txt:2: got 'dog' again; expected each class once"),
        ('dog\n\ncat\n', r"classes.txt:2: got ''; expected a class name"),
        ('', r'classes.txt: got no line'),
    ):
        (tmp_path / 'classes.txt').write_text(classes)
        with pytest.raises(LabelError, match=message):
            parse('t.csv', text, tmp_path / 'classes.txt')
    (problem,) = parse('t.csv', 'image,cta\na.jpg,1\n', ['cat', 'dog']).problems
    assert "t.csv:1: got the class 'cta'; expected one of the 2 classes; nearest: 'cat'" in str(
        problem
    )


def test_a_table_that_would_not_fit_in_memory_is_refused_early(parse, monkeypatch):
    from mmpretrain_mlml.labels.tables import builder, memory

    monkeypatch.setattr(memory, 'ENOUGH_READ', 1000)
    monkeypatch.setattr(memory, 'available_memory', lambda: 1000)
    monkeypatch.setattr(builder, 'CHUNK', 100)
    text = 'image,tags\n' + ''.join(f'{n}.jpg,cat\n' for n in range(20_000))
    (problem,) = parse('t.csv', text).problems
    assert 'GiB whose labels need' in problem.got
    assert 'split the table' in problem.expected
    monkeypatch.setattr(memory, 'available_memory', lambda: 10**9)
    assert not parse('t.csv', text).problems


def test_reading_ends_at_a_number_of_problems(parse, monkeypatch):
    from mmpretrain_mlml.labels.tables import problems

    monkeypatch.setattr(problems, 'MOST', 10)
    parsed = parse('t.csv', 'image,tags\n' + 'x\n' * 50)
    assert len(parsed.problems) == 11
    assert 'rows not read' in parsed.problems[-1].got


def test_a_parquet_file_cut_in_half(tmp_path):
    pytest.importorskip('pyarrow')
    from mmpretrain_mlml.labels import LabelTable, write_tag_table

    path = tmp_path / 't.parquet'
    table = LabelTable.from_positives([f'{n}.jpg' for n in range(500)], [[0]] * 500, ['cat'])
    write_tag_table(path, table)
    assert read_tag_table(path).names == table.names
    whole = path.read_bytes()
    for data in (whole[: len(whole) // 2], b'', whole[:100] + bytes(300) + whole[400:]):
        path.write_bytes(data)
        with pytest.raises(
            LabelError, match=r't\.parquet: got a damaged file \(.*; expected a comp'
        ):
            read_tag_table(path)


def test_parquet_columns_of_one_name(tmp_path):
    pyarrow = pytest.importorskip('pyarrow')
    from pyarrow import parquet

    table = pyarrow.Table.from_arrays([['a.jpg'], [1], [0]], names=['image', 'x', 'x'])
    parquet.write_table(table, tmp_path / 't.parquet')
    with pytest.raises(LabelError, match=r"t\.parquet: got two columns 'x'"):
        read_tag_table(tmp_path / 't.parquet')


def test_parquet_values(tmp_path):
    pyarrow = pytest.importorskip('pyarrow')
    from pyarrow import parquet

    columns = {'image': ['a.jpg', 'b.jpg'], 'x': [1.0, None], 'y': [True, False]}
    parquet.write_table(pyarrow.table(columns), tmp_path / 't.parquet')
    assert read_tag_table(tmp_path / 't.parquet').dense().tolist() == [[1, 1], [-1, 0]]
    columns = {'image': ['a.jpg', 3], 'tags': ['x', 'y']}
    columns['image'] = pyarrow.array([1, 3])
    parquet.write_table(pyarrow.table(columns), tmp_path / 't.parquet')
    parsed = parse_tag_table(Path(tmp_path / 't.parquet'))
    assert str(parsed.problems[1]).endswith('t.parquet: row 2: got 3; expected an image name')


@pytest.mark.parametrize(('unlisted', 'fill'), [('unobserved', -1), ('absent', 0)])
def test_a_label_that_several_people_gave_is_one_and_unobserved_where_they_differ(
    parse, unlisted, fill
):
    rows = [
        'a,x,1',
        'b,x,1',
        'a,x,1',
        'a,y,0',
        'b,y,0',
        'b,y,1',
        'b,y,0',
        'a,z,1',
        'b,z,-1',
        'b,z,1',
    ]
    text = 'image,tag,value\n' + '\n'.join(rows) + '\n'
    parsed = parse('t.csv', text, tuple('xyzw'), repeated='merge', unlisted=unlisted)
    expected = {'a': [1, 0, 1, fill], 'b': [1, -1, -1, fill]}
    assert content(parsed) == (tuple('xyzw'), expected)
    assert len(parse('t.csv', text, tuple('xyzw')).problems) == 2
    with pytest.raises(ValueError, match="repeated='x': expected one of"):
        parse('t.csv', text, repeated='x')
