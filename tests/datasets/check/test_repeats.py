"""Images that occur twice."""


def test_shared_images_are_errors_and_shared_names_warnings(checked):
    root, _, report = checked
    (leak,) = (problem for problem in report.problems if problem.kind == 'leak')
    assert leak.path == f'{root}/val/leak.jpg'
    assert leak.where == f'{root}/val.txt:1'
    assert f'{root}/train/good 2.jpg ({root}/train.txt:3)' in leak.got
    (name,) = (problem for problem in report.problems if problem.kind == 'name')
    assert name.severity == 'warning'
    assert "1 names that training has too, such as 'good 3.jpg'" in name.got
