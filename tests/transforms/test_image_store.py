"""Stored images come back as they were, or not at all."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from mmpretrain_mlml.transforms import image_store
from mmpretrain_mlml.transforms.image_store import DamagedImage, ImageStore

IMAGE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
KEY, OTHER = '00' * 16, '00' * 15 + '01'  # of one part of the store
EXTRA = {'ori_shape': [480, 640], 'scale': None}


@pytest.fixture
def store(tmp_path):
    return ImageStore(tmp_path / 'a' / 'store', 10**9)


def file_of(store, key=KEY):
    (path,) = store.folder.glob(f'*/{key}')
    return path


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
@pytest.mark.parametrize('shape', [(20, 30, 3), (20, 30), (0, 3)])
def test_an_image_comes_back(store, dtype, shape):
    image = np.resize(IMAGE, shape).astype(dtype)
    assert store.read(KEY) is None
    assert store.write(KEY, image, EXTRA)
    read, extra = store.read(KEY)
    assert np.array_equal(read, image)
    assert read.dtype == dtype
    assert extra == EXTRA


def test_an_image_cannot_be_changed_by_mistake(store):
    store.write(KEY, IMAGE[:, ::-1], None)
    read, _ = store.read(KEY)
    assert np.array_equal(read, IMAGE[:, ::-1])
    with pytest.raises(ValueError, match='read-only'):
        read[:] = 0


def damage(content, kind):
    return {
        'a bit': content[:-9] + bytes([content[-9] ^ 1]) + content[-8:],
        'cut off': content[:-1],
        'header only': content[:60],
        'nothing': b'',
        'zeros': bytes(len(content)),
        'another key': content.replace(KEY.encode(), OTHER.encode()),
        'longer': content + b'\0',
    }[kind]


@pytest.mark.parametrize(
    'kind', ['a bit', 'cut off', 'header only', 'nothing', 'zeros', 'another key', 'longer']
)
def test_a_damaged_file_is_refused_and_can_be_replaced(store, kind):
    store.write(KEY, IMAGE, EXTRA)
    path = file_of(store)
    path.write_bytes(damage(path.read_bytes(), kind))
    with pytest.raises(DamagedImage, match=KEY):
        store.read(KEY)
    assert store.write(KEY, IMAGE, EXTRA)
    assert np.array_equal(store.read(KEY)[0], IMAGE)


def test_a_new_process_removes_what_a_killed_one_left(store):
    store.write(KEY, IMAGE, None)
    left = file_of(store).with_name(f'.{OTHER}.00000000.part')
    left.touch()
    assert store.write(OTHER, IMAGE, None)
    assert left.exists()  # a write alone does not search the folder, which may be large
    assert ImageStore(store.folder, 10**9).write(OTHER, IMAGE, None)
    assert not left.exists()


def test_the_limit_holds(tmp_path):
    size = IMAGE.nbytes + 300
    store = ImageStore(tmp_path, image_store.PARTS * 3 * size)
    keys = [f'{number:032x}' for number in range(9)]  # all in one part
    assert [store.write(key, IMAGE, None) for key in keys] == [True] * 3 + [False] * 6
    others = [f'{number:08x}{"0" * 24}' for number in range(1, 200)]
    written = [store.write(key, IMAGE, None) for key in others]
    assert 64 * 2 < sum(written) < 64 * 3.1
    assert sum(path.stat().st_size for path in tmp_path.glob('*/*')) <= store.limit


def test_images_that_nobody_read_for_a_week_make_room(tmp_path):
    store = ImageStore(tmp_path, image_store.PARTS * (IMAGE.nbytes + 300))
    assert store.write(KEY, IMAGE, None)
    assert not store.write(OTHER, IMAGE, None)
    long_ago = time.time() - 8 * 24 * 3600
    os.utime(file_of(store), (long_ago, long_ago))
    store.read(KEY)  # which counts as use
    assert not ImageStore(tmp_path, store.limit).write(OTHER, IMAGE, None)
    os.utime(file_of(store), (long_ago, long_ago))
    assert ImageStore(tmp_path, store.limit).write(OTHER, IMAGE, None)
    assert store.read(KEY) is None


def test_some_of_the_disk_is_left_to_others(store, monkeypatch):
    monkeypatch.setattr(image_store, 'RESERVE', 1 << 60)
    assert not store.write(KEY, IMAGE, None)


def test_readers_and_writers_at_the_same_time_see_whole_images(store):
    def use(number):
        image = np.full((50, 50, 3), 7, np.uint8)
        for _ in range(20):
            assert ImageStore(store.folder, store.limit).write(KEY, image, None)
            read, _ = store.read(KEY)
            assert (read == 7).all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(use, range(4)))
    assert [path.name for path in store.folder.glob('*/*')] == [KEY]
