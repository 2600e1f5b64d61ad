from io import BytesIO

import pytest
from PIL import Image

from mmpretrain_mlml.pages import Thumbnails, thumbnail


def picture(index):
    return Image.new('RGB', (400, 300), (index, 90, 120))


def test_a_thumbnail_is_small_and_turned_as_the_camera_was_held():
    file = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn
    Image.new('RGB', (2000, 1000), 'red').save(file, 'JPEG', exif=exif)
    with Image.open(file) as large:
        small = Image.open(BytesIO(thumbnail(large)))
    assert small.size == (96, 192)
    assert not small.getexif()


def test_transparent_parts_are_white():
    small = Image.open(BytesIO(thumbnail(Image.new('RGBA', (8, 8), (0, 0, 0, 0)))))
    assert small.convert('L').getextrema() == (255, 255)


def test_each_image_is_opened_once_and_kept_inside(tmp_path):
    opened = []
    thumbnails = Thumbnails(
        [3, 1], lambda image: opened.append(image) or picture(image), tmp_path / 'x'
    )
    assert opened == [3, 1]
    assert thumbnails.inside
    assert thumbnails.text(3).startswith('/9j/')  # a JPEG in base 64
    assert list(tmp_path.iterdir()) == []


def test_above_a_size_all_are_files(tmp_path):
    one = len(thumbnail(picture(0)))
    thumbnails = Thumbnails(range(4), picture, tmp_path / 'x', inline_bytes=2 * one)
    assert not thumbnails.inside
    assert thumbnails.text(2) == 'x/2.jpg'
    assert sorted(path.name for path in (tmp_path / 'x').iterdir()) == [
        f'{n}.jpg' for n in range(4)
    ]
    with Image.open(tmp_path / 'x/0.jpg') as first:
        assert first.size == (192, 144)


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / 'x/1.jpg').mkdir(parents=True)
    with pytest.raises(OSError, match=r'could not write .*x/1\.jpg'):
        Thumbnails([1], picture, tmp_path / 'x', inline_bytes=0)


def test_a_file_that_cannot_be_decoded_is_named(tmp_path):
    path = tmp_path / 'cut.png'
    Image.effect_noise((64, 64), 50).save(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(OSError, match=r'cut\.png cannot be decoded: .*; replace the file'):
        Thumbnails([0], lambda index: Image.open(path), tmp_path)
