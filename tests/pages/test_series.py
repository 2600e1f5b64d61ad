from mmpretrain_mlml.pages import page_series


def test_a_single_page_has_no_number_and_no_links(tmp_path):
    (page,) = page_series(tmp_path, 'errors', 'Errors', 1)
    assert page == (tmp_path / 'errors.html', 'Errors', '')


def test_several_pages_link_to_all_and_mark_themselves(tmp_path):
    first, second = page_series(tmp_path, 'errors', 'Errors', 2)
    assert (first.path.name, first.heading) == ('errors.html', 'Errors 1')
    assert (second.path.name, second.heading) == ('errors-2.html', 'Errors 2')
    assert '<a href="errors.html">1</a>' in second.links
    assert '<a href="errors-2.html" aria-current=page>2</a>' in second.links
