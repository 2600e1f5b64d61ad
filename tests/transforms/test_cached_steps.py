"""The cache of resized images changes how long loading takes, and nothing else."""

import errno
import os
import pickle

import numpy as np
import pytest
from helpers.pictures import WHOLE

from mmpretrain_mlml import CachedSteps, COCOMissingLabel, DigitScenes
from mmpretrain_mlml.transforms import image_store
from mmpretrain_mlml.transforms.load_whole_image import ImageError

LOAD = {'type': 'mmpretrain_mlml.LoadWholeImage'}
RESIZE = {'type': 'mmpretrain_mlml.SmoothResize', 'scale': (24, 16)}


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / 'picture.jpg'
    path.write_bytes(WHOLE['JPEG'])
    return path


@pytest.fixture
def cached(tmp_path):
    return CachedSteps([LOAD, RESIZE], tmp_path / 'cache')


def sample(path):
    return {'img_path': str(path), 'gt_label': [3], 'sample_idx': 0}


def entries(tmp_path):
    return sorted((tmp_path / 'cache').glob('*/*'))


def forget_decoding(transform, monkeypatch):
    """Let any further decoding fail."""

    def fail(results):
        raise AssertionError('loaded again')

    monkeypatch.setattr(transform, '_run', fail)


def test_results_are_the_same_with_and_without(picture, cached, monkeypatch):
    first = cached(sample(picture))
    forget_decoding(cached, monkeypatch)
    second = cached(sample(picture))
    plain = sample(picture)
    for step in cached.transforms:
        plain = step(plain)
    for results in (first, second):
        assert results.keys() == plain.keys()
        assert np.array_equal(results.pop('img'), plain['img'])
        assert {key: plain[key] for key in results} == results
        assert all(type(results[key]) is type(plain[key]) for key in results)


def test_changing_the_result_does_not_change_the_cache(picture, cached):
    expected = cached(sample(picture))['img'].copy()
    cached(sample(picture))['img'][:] = 0
    assert np.array_equal(cached(sample(picture))['img'], expected)


def test_other_processes_and_runs_find_it(picture, cached, tmp_path, monkeypatch):
    cached(sample(picture))
    for other in (
        pickle.loads(pickle.dumps(cached)),
        CachedSteps([LOAD, RESIZE], tmp_path / 'cache', 5),
    ):
        forget_decoding(other, monkeypatch)
        assert other(sample(picture))['img'].shape == (16, 24, 3)


def test_a_changed_file_or_step_is_loaded_again(picture, cached, tmp_path):
    cached(sample(picture))
    os.utime(picture, (1, 1))
    cached(sample(picture))
    assert len(entries(tmp_path)) == 2
    other = CachedSteps([LOAD, {**RESIZE, 'interpolation': 'bicubic'}], tmp_path / 'cache')
    assert not np.array_equal(other(sample(picture))['img'], cached(sample(picture))['img'])
    assert len(entries(tmp_path)) == 3


@pytest.fixture
def logged(monkeypatch):
    texts = []
    monkeypatch.setattr(
        'mmpretrain_mlml.transforms.cached_steps.print_log', lambda text, *_: texts.append(text)
    )
    return texts


def test_a_damaged_entry_is_reported_and_replaced(picture, cached, tmp_path, logged, monkeypatch):
    expected = cached(sample(picture))['img'].copy()
    (entry,) = entries(tmp_path)
    content = entry.read_bytes()
    for _ in range(2):
        entry.write_bytes(content[:-1] + bytes([content[-1] ^ 8]))
        assert np.array_equal(cached(sample(picture))['img'], expected)
        assert entry.read_bytes() == content
    assert len(logged) == 1, 'said once'
    assert 'has another checksum' in logged[0]
    forget_decoding(cached, monkeypatch)
    assert np.array_equal(cached(sample(picture))['img'], expected)


@pytest.mark.parametrize('place', ['write', 'rename'])
def test_a_full_disk_stops_adding_and_nothing_else(
    picture, cached, tmp_path, logged, monkeypatch, place
):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, 'No space left on device')

    if place == 'write':
        monkeypatch.setattr(image_store, 'atomic_write', full)
    else:
        monkeypatch.setattr('pathlib.Path.replace', full)
    for _ in range(2):
        assert cached(sample(picture))['img'].shape == (16, 24, 3)
    assert len(logged) == 1
    assert 'No space left on device' in logged[0]
    assert entries(tmp_path) == []


def test_a_full_cache_is_said_once(picture, tmp_path, logged):
    cached = CachedSteps([LOAD, RESIZE], tmp_path / 'cache', 1e-6)
    for _ in range(2):
        assert cached(sample(picture))['img'].shape == (16, 24, 3)
    assert len(logged) == 1
    assert 'full' in logged[0]


def test_errors_of_loading_are_those_of_the_loader(cached, tmp_path):
    with pytest.raises(ImageError, match='no such file'):
        cached(sample(tmp_path / 'no.jpg'))


def test_images_in_memory_are_not_cached(cached, tmp_path):
    image = np.zeros((5, 5, 3), np.uint8)
    assert cached({'img': image})['img'].shape == (16, 24, 3)
    assert entries(tmp_path) == []


@pytest.mark.parametrize('steps', [[], [RESIZE], [LOAD, {'type': 'RandomFlip', 'prob': 0.5}]])
def test_steps_with_chance_are_refused(steps, tmp_path):
    with pytest.raises(ValueError, match='cannot be cached: expected one of'):
        CachedSteps(steps, tmp_path)
    with pytest.raises(ValueError, match='gigabytes > 0'):
        CachedSteps([LOAD], tmp_path, 0)


def data_set(folder, **options):
    (folder / 'list.txt').write_text('picture.jpg,3 5\n')
    pipeline = [LOAD, RESIZE, {'type': 'RandomFlip', 'prob': 1.0}, {'type': 'PackInputs'}]
    return COCOMissingLabel(
        'list.txt', data_root=str(folder), data_prefix=str(folder), pipeline=pipeline, **options
    )


def test_a_data_set_takes_it_as_an_option(picture, tmp_path):
    plain = data_set(tmp_path)[0]
    dataset = data_set(tmp_path, image_cache={'folder': str(tmp_path / 'cache'), 'gigabytes': 1})
    for _ in range(2):
        packed = dataset[0]
        assert packed['inputs'].equal(plain['inputs'])
        assert packed['data_samples'].gt_score.equal(plain['data_samples'].gt_score)
        assert packed['data_samples'].metainfo == plain['data_samples'].metainfo
    assert len(entries(tmp_path)) == 1
    assert data_set(tmp_path, image_cache=str(tmp_path / 'cache'))[0]['inputs'].equal(
        plain['inputs']
    )


def test_a_data_set_without_files_refuses_it(tmp_path):
    with pytest.raises(ValueError, match='image_cache: the pipeline begins with'):
        DigitScenes(size=3, pipeline=[{'type': 'PackInputs'}], image_cache=str(tmp_path))
