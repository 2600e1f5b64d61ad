import pytest

from mmpretrain_mlml.pages import fill_page

TEMPLATE = '<body>@MORE@<script>@DATA@</script>@SCRIPT@'


def fill(tmp_path, title='A', data=(), **given):
    for name, content in (('t.html', TEMPLATE), ('s.js', 'run();'), ('s.css', 'a{}')):
        (tmp_path / name).write_text(content)
    files = {'scripts': [tmp_path / 's.js'], 'styles': [tmp_path / 's.css']}
    return fill_page(tmp_path / 't.html', title=title, data=data, **files, **given)


def test_data_and_title_cannot_leave_their_elements(tmp_path):
    hostile = '</script><script>x</script><!--@TITLE@'
    page = fill(tmp_path, hostile, {'name': hostile}, markup={'MORE': ''})
    assert page.count('</script>') == 1
    assert '<!--' not in page
    assert page.count('&lt;/script&gt;') == 2


def test_the_policy_allows_this_script_and_style_alone(tmp_path):
    page = fill(tmp_path, markup={'MORE': '<p>'})
    assert "default-src 'none'" in page
    assert page.count("'sha256-") == 2
    assert 'a{}' in page
    assert 'run();' in page
    assert '<p>' in page


def test_a_place_for_which_there_is_nothing_is_an_error(tmp_path):
    with pytest.raises(KeyError, match='MORE'):
        fill(tmp_path)
