"""Options of a table as the tools take them."""

import pytest

from mmpretrain_mlml.labels.tables import TableOptions, parse_table_options
from mmpretrain_mlml.labels.tables.option_text import READERS


@pytest.mark.parametrize(
    ('texts', 'options'),
    [
        (['separator=,'], {'separator': ','}),
        (["separator=','"], {'separator': ','}),
        (['separator='], {'separator': ''}),
        (['separator= '], {'separator': ' '}),
        (['separator=', 'separator=json'], {'separator': 'json'}),
        ([r'delimiter=\t'], {'delimiter': '\t'}),
        (['delimiter=\t'], {'delimiter': '\t'}),
        (['layout=rows', 'layout=None'], {'layout': None}),
        (['image_suffix=.jpg'], {'image_suffix': '.jpg'}),
        (['min_confidence=.5'], {'min_confidence': 0.5}),
        (
            ['columns.image=my, photo', 'columns.tags=a=b'],
            {'columns': {'image': 'my, photo', 'tags': 'a=b'}},
        ),
        (["columns={'image': 'foto'}"], {'columns': {'image': 'foto'}}),
        (
            ['values.present=[1, P]', 'values.absent=0', 'values.unobserved='],
            {'values': {'present': ['1', 'P'], 'absent': ['0'], 'unobserved': []}},
        ),
        (['extras=[site, scene]'], {'extras': ['site', 'scene']}),
        (['cache=False'], {'cache': False}),
    ],
)  # fmt: skip
def test_options_are_read_as_they_are_meant(texts, options):
    assert parse_table_options(texts) == options
    TableOptions(**{key: value for key, value in options.items() if key != 'cache'})


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('separator', "expected KEY=VALUE, got 'separator'"),
        ('separater=;', "there is no table option 'separater'; did you mean separator?"),
        ('layout.x=rows', 'layout.x: layout has no parts; expected layout=VALUE'),
        ('min_confidence=half', 'min_confidence=half: expected a number'),
        ('cache=maybe', 'cache=maybe: expected True or False'),
        ('columns=foto', 'columns=foto: expected NAME.KEY=VALUE, or a dict'),
    ],
)
def test_what_is_no_option_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        parse_table_options([text])


def test_other_options_are_text_and_those_of_a_table_mean_the_same():
    others = ('split', 'cache')  # of Open Images
    texts = ['split=val', 'cache=false']
    assert parse_table_options(texts, others) == {'split': 'val', 'cache': False}
    with pytest.raises(ValueError, match="there is no table option 'split'"):
        parse_table_options(texts)


def test_every_option_can_be_given():
    assert set(READERS) == {*TableOptions.__dataclass_fields__, 'cache'}
