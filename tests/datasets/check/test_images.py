"""Problems of image files."""

import pytest
from helpers.pictures import BAD, ODD, WHOLE

from mmpretrain_mlml import LoadWholeImage
from mmpretrain_mlml.datasets.check.images import check_image

LONG = 'x' * 300 + '.jpg'


def test_bad_images_are_errors_with_their_line(checked):
    root, names, report = checked
    errors = {
        problem.path.removeprefix(f'{root}/train/'): problem
        for problem in report.problems
        if (problem.severity, problem.kind, problem.split) == ('error', 'image', 'train')
    }
    bad = {f'{kind}.jpg' for kind in BAD} | {'patched.jpg', 'pipe.jpg', 'missing.jpg'}
    unreadable = {'../up.jpg', 'n\x00l.jpg', LONG, 'n://t.jpg'}
    assert errors.keys() == bad | unreadable
    for name in bad:
        assert errors[name].where == f'{root}/train.txt:{names.index(name) + 1}'
    assert 'premature end' in errors['patched.jpg'].got
    assert errors['missing.jpg'].got == 'no such file'
    assert errors['pipe.jpg'].got == 'no plain file'


def test_unusual_images_are_warnings(checked):
    report = checked.report
    warnings = {
        (problem.kind, problem.path.rpartition('/')[2])
        for problem in report.problems
        if problem.severity == 'warning' and problem.split == 'train' and problem.path
    }
    unusual = {('cmyk' if kind == 'CMYK' else kind, f'{kind}.jpg') for kind in ODD}
    assert warnings == unusual | {('grey', '16-bit.jpg'), ('double', 'twin.jpg')}


@pytest.mark.parametrize('kind', WHOLE)
def test_plain_images_have_no_findings(tmp_path, kind):
    (tmp_path / 'a').write_bytes(WHOLE[kind])
    assert check_image((LoadWholeImage(), str(tmp_path / 'a'))).findings == []
