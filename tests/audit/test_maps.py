import numpy as np
import pytest

from mmpretrain_mlml.audit import propose, read_boxes
from mmpretrain_mlml.labels import DataError

NAMES, CLASSES = ['photos/a.jpg', 'b.jpg'], ['dog', 'cat']
PROPOSALS = propose(np.array([[0.9, 0.2], [0.3, 0.4]]), np.full((2, 2), -1), order='probability')
HEADER = 'image,class,left,top,width,height\n'


def test_boxes_come_from_a_table(tmp_path):
    path = tmp_path / 'boxes.csv'
    path.write_text(HEADER + 'b.jpg,cat,0.25,0.5,0.5,0.25\nb.jpg,dog,0,0,1,1\n')
    boxes = read_boxes(path, PROPOSALS, NAMES, CLASSES)
    assert boxes[1].tolist() == [0.25, 0.5, 0.5, 0.25]
    assert boxes[2].tolist() == [0, 0, 1, 1]
    assert np.isnan(boxes[[0, 3]]).all()


def test_boxes_come_from_maps(tmp_path):
    (tmp_path / 'photos').mkdir()
    maps = np.zeros((2, 4, 5))
    maps[0, 1:3, 2:] = 3  # above half of the greatest value
    maps[0, 0, 0] = 1
    np.savez(tmp_path / 'photos/a.jpg.npz', maps=maps, classes=['dog', 'cat'])
    boxes = read_boxes(tmp_path, PROPOSALS, NAMES, CLASSES)
    assert boxes[0].tolist() == pytest.approx([0.4, 0.25, 0.6, 0.5])
    assert np.isnan(boxes[1:]).all()  # a map of zeros is none


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('image,class\n', 'boxes.csv:1: got other columns; expected also left, top, width, height'),
        (HEADER + 'b.jpg,dog,0,0,x,1\n', 'boxes.csv:2: .* expected four numbers'),
        (HEADER + 'b.jpg,dog,10,20,30,40\n', r'boxes.csv:2: got the box 10,20,30,40; .* shares'),
        (HEADER + 'b.jpg,dog,0.5,0,0.6,1\n', 'boxes.csv:2'),
        (HEADER, "got no map for any proposal; expected one for the image 'photos/a.jpg'"),
    ],
)
def test_a_bad_table_is_refused(tmp_path, text, message):
    path = tmp_path / 'boxes.csv'
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read_boxes(path, PROPOSALS, NAMES, CLASSES)


@pytest.mark.parametrize(
    ('arrays', 'message'),
    [
        ({'maps': np.ones((1, 2, 2))}, 'classes is not a file in the archive'),
        ({'maps': np.ones((2, 2)), 'classes': ['dog', 'cat']}, r'maps of \(2, 2\)'),
        ({'maps': np.full((1, 2, 2), np.nan), 'classes': ['dog']}, "a map of 'dog' with NaN"),
        ({'maps': np.array([{}]), 'classes': ['dog']}, 'allow_pickle=False'),
    ],
)
def test_bad_maps_are_refused(tmp_path, arrays, message):
    np.savez(tmp_path / 'b.jpg.npz', **arrays)
    with pytest.raises(DataError, match=message):
        read_boxes(tmp_path, PROPOSALS, NAMES, CLASSES)
