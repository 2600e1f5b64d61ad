"""The strict image loader."""

import io
import pickle

import cv2
import mmcv
import numpy as np
import pytest
from helpers.pictures import BAD, ODD, PATCHED, SIXTEEN, WHOLE, rotated
from mmcv.transforms import Compose, LoadImageFromFile
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain import ImageClassificationInferencer
from PIL import Image, ImageOps

from mmpretrain_mlml import LoadWholeImage, config
from mmpretrain_mlml.runtime.random_state import seeded
from mmpretrain_mlml.transforms.jpeg_header import is_truncated_jpeg, jpeg_size
from mmpretrain_mlml.transforms.load_whole_image import ImageError


@pytest.fixture
def load(tmp_path):
    def load(content, cls=LoadWholeImage, **options):
        path = tmp_path / 'picture.jpg'
        path.write_bytes(content)
        return cls(**options)({'img_path': str(path)})

    return load


@pytest.mark.parametrize('backend', ['cv2', 'pillow'])
@pytest.mark.parametrize('kind', [*WHOLE, *ODD])
def test_complete_images_load_as_with_mmcv(load, kind, backend):
    content = {**WHOLE, **ODD}[kind]
    loaded = load(content, imdecode_backend=backend)
    expected = load(content, LoadImageFromFile, imdecode_backend=backend)
    assert loaded.keys() == expected.keys()
    assert np.array_equal(loaded['img'], expected['img'])
    assert loaded['img'].dtype == np.uint8
    assert loaded['img_shape'] == loaded['ori_shape'] == expected['img_shape']


@pytest.mark.parametrize('kind', [*WHOLE, 'CMYK', 'grey', 'transparent', 'large'])
def test_pixels_are_those_of_pillow_in_three_channels(load, kind):
    content = {**WHOLE, **ODD}[kind]
    expected = np.array(Image.open(io.BytesIO(content)).convert('RGB'))[..., ::-1]
    loaded = load(content)['img']
    assert loaded.shape == expected.shape
    assert np.abs(loaded.astype(int) - expected).max() <= 1


@pytest.mark.parametrize('orientation', range(1, 9))
def test_exif_orientation_is_applied(load, orientation):
    content = rotated(orientation)
    expected = np.array(ImageOps.exif_transpose(Image.open(io.BytesIO(content))))[..., ::-1]
    assert np.array_equal(load(content)['img'], expected)


def test_of_16_bits_the_upper_8_are_kept(load):
    assert np.array_equal(load(ODD['16-bit'])['img'], np.repeat(SIXTEEN[..., None] >> 8, 3, axis=2))


# Pillow reads all pixels of a PNG file that lacks its end marker only.
FOR_PILLOW = [kind for kind in BAD if kind != 'PNG less a byte']


@pytest.mark.parametrize(
    ('kind', 'backend'),
    [*((kind, 'cv2') for kind in BAD), *((kind, 'pillow') for kind in FOR_PILLOW)],
)
def test_incomplete_images_are_refused_with_their_path(load, kind, backend):
    with pytest.raises(ImageError, match=r'picture\.jpg: got .*; expected ') as caught:
        load(BAD[kind], imdecode_backend=backend)
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_messages_describe_the_file(load):
    for kind, words in {
        'empty': 'an empty file',
        'html': "54 bytes .* beginning with b'<!DOCTYPE html><'",
        'half a JPEG': rf'breaks off after {len(BAD["half a JPEG"])} bytes',
    }.items():
        with pytest.raises(ImageError, match=words):
            load(BAD[kind])


def test_missing_files_and_folders_are_refused(tmp_path):
    for path, words in {tmp_path / 'no.jpg': 'no such file', tmp_path: 'Is a directory'}.items():
        with pytest.raises(ImageError, match=f'{path}: got {words}'):
            LoadWholeImage()({'img_path': str(path)})


@pytest.mark.parametrize('kind', ['JPEG', 'progressive', 'restart markers', 'preview'])
def test_a_jpeg_file_is_truncated_without_its_last_byte(kind):
    """Whatever the version of OpenCV: 4.6 and 4.10 give the rest in grey, 4.13 and 5.0 refuse."""
    content = WHOLE[kind]
    assert not is_truncated_jpeg(content)
    assert not is_truncated_jpeg(content + b'more')
    assert all(is_truncated_jpeg(content[:length]) for length in range(3, len(content)))


def test_truncated_jpeg_files_do_not_reach_the_decoder(load, monkeypatch):
    """As OpenCV 4.10 does."""
    monkeypatch.setattr(mmcv, 'imfrombytes', lambda *_, **__: np.full((64, 96, 3), 128, np.uint8))
    assert load(WHOLE['JPEG'])['img'].any()
    for kind in ('half a JPEG', 'half a progressive', 'half a preview', 'zero tail', 'header only'):
        with pytest.raises(ImageError, match='breaks off'):
            load(BAD[kind])


def test_damage_inside_a_jpeg_file_is_not_noticed(load):
    """A known limit of OpenCV and Pillow; tools/check_dataset.py reads the messages of OpenCV."""
    assert load(PATCHED)['img'].shape == load(WHOLE['JPEG'])['img'].shape


def test_float32_on_request(load):
    assert load(WHOLE['PNG'], to_float32=True)['img'].dtype == np.float32


def test_there_is_no_ignore_empty():
    with pytest.raises(TypeError, match='ignore_empty'):
        LoadWholeImage(ignore_empty=True)


@pytest.mark.parametrize('kind', ODD)
def test_unusual_images_pass_the_shipped_pipelines(tmp_path, kind):
    path = tmp_path / 'picture.jpg'
    path.write_bytes(ODD[kind])
    cfg = Config.fromfile(config('coco_0.4left_splc.py'))
    init_default_scope('mmpretrain')
    for loader in (cfg.train_dataloader, cfg.val_dataloader):
        pipeline = Compose(loader.dataset.pipeline)
        with seeded(0):  # augmentations that leave the colours alone
            inputs = pipeline({'img_path': str(path), 'gt_label': [0]})['inputs']
        assert inputs.shape == (3, 448, 448)
        assert len(inputs.unique()) > 20


def test_shipped_configs_use_it_and_inferencers_work(tmp_path):
    cfg = Config.fromfile(config('coco_0.4left_splc.py'))
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        assert loader.dataset.pipeline[0].type == 'mmpretrain_mlml.LoadWholeImage'
    (tmp_path / 'a.png').write_bytes(WHOLE['PNG'])
    cfg.model.backbone.init_cfg = None
    inferencer = ImageClassificationInferencer(cfg, pretrained=False, device='cpu')
    sample = next(inferencer.preprocess([str(tmp_path / 'a.png')]))
    assert sample['inputs'][0].shape == (3, 448, 448)


def large(size=(640, 480), form='JPEG', exif=None, mode='RGB'):
    rows, columns = np.mgrid[: size[1], : size[0]]
    values = np.stack([rows / 2, columns / 3, (rows + columns) / 5], -1).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(values).convert(mode).save(file, form, **({'exif': exif} if exif else {}))
    return file.getvalue()


@pytest.mark.parametrize(
    ('least', 'shape'),
    [
        (241, (480, 640)),
        (240, (240, 320)),
        (224, (240, 320)),
        ((120, 60), (120, 160)),
        (1, (60, 80)),
    ],
)
def test_jpeg_files_are_reduced_as_far_as_both_sides_allow(load, least, shape):
    results = load(large(), reduce_to=least)
    assert results['img'].shape[:2] == results['img_shape'] == shape
    assert results['ori_shape'] == (480, 640)
    whole = load(large())['img']
    resized = cv2.resize(whole, shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(results['img'].astype(int) - resized).max() <= 4  # a smooth picture


def test_rotated_and_grey_files_are_reduced(load):
    exif = Image.Exif()
    exif[0x112] = 6
    results = load(large(exif=exif), reduce_to=240)
    assert results['img'].shape == (320, 240, 3)
    assert results['ori_shape'] == (640, 480)
    results = load(large(mode='L'), reduce_to=240, color_type='grayscale')
    assert results['img'].shape == (240, 320)


def test_other_files_and_small_ones_are_read_whole(load):
    for content in (large(form='PNG'), WHOLE['JPEG']):
        results, expected = load(content, reduce_to=200), load(content)
        assert np.array_equal(results.pop('img'), expected.pop('img'))
        assert results == expected


def test_incomplete_files_are_refused_when_reduced(load):
    with pytest.raises(ImageError, match='breaks off'):
        load(large()[:-2], reduce_to=100)


@pytest.mark.parametrize(
    'options', [{'reduce_to': 0}, {'reduce_to': 9, 'imdecode_backend': 'pillow'},
                {'reduce_to': 9, 'color_type': 'unchanged'}],
)  # fmt: skip
def test_options_that_do_not_go_with_reduction_are_refused(options):
    with pytest.raises(ValueError, match='reduce_to'):
        LoadWholeImage(**options)


@pytest.mark.parametrize('kind', [*WHOLE, *ODD])
def test_the_size_in_the_header_is_that_of_the_picture(kind):
    content = {**WHOLE, **ODD}[kind]
    with Image.open(io.BytesIO(content)) as picture:
        expected = picture.size[::-1] if picture.format in ('JPEG', 'MPO') else None
    assert jpeg_size(content) == expected
