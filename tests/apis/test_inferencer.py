"""Predictions for images in files and in memory, against those of the evaluation."""

from copy import deepcopy

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.registry import DefaultScope
from mmpretrain import get_model
from mmpretrain.registry import DATASETS, MODELS, TRANSFORMS
from PIL import Image

import mmpretrain_mlml
from mmpretrain_mlml import MultiLabelInferencer
from mmpretrain_mlml.apis import predict_dataset
from mmpretrain_mlml.checkpoints import CheckpointError, store_thresholds
from mmpretrain_mlml.datasets.digit_scenes import make_scenes
from mmpretrain_mlml.evaluation import write_thresholds

SIZE = 11
DIGITS = [str(digit) for digit in range(10)]


@pytest.fixture(scope='module')
def cfg(cfg):
    cfg.merge_from_dict({'test_dataloader.dataset.size': SIZE, 'test_dataloader.batch_size': 4})
    return cfg


@pytest.fixture(scope='module')
def weights(cfg, tmp_path_factory):
    path = tmp_path_factory.mktemp('weights') / 'random.pth'
    torch.manual_seed(0)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        torch.save(MODELS.build(cfg.model).state_dict(), path)
    return path


@pytest.fixture(scope='module')
def expected(cfg, weights):
    return predict_dataset(cfg, str(weights), 'test').scores


@pytest.fixture(scope='module')
def images():
    return make_scenes('test', SIZE)[0]


@pytest.fixture(scope='module')
def folder(images, tmp_path_factory):
    folder = tmp_path_factory.mktemp('images')
    (folder / 'deeper').mkdir()
    for number, image in enumerate(images):
        place = folder / 'deeper' if number == SIZE - 1 else folder
        cv2.imwrite(str(place / f'{number:02}.PNG'.lower()), image)
    (folder / 'notes.txt').write_text('no image')
    return folder


@pytest.fixture(scope='module')
def tagger(cfg, weights):
    return MultiLabelInferencer(cfg, weights, device='cpu', show_progress=False)


def scores(results):
    return np.stack([one.probabilities for one in results])


def test_files_arrays_pictures_and_generators_give_what_the_evaluation_gives(
    tagger, images, folder, expected
):
    files = [*sorted(folder.glob('*.png')), folder / 'deeper/10.png']
    pictures = [Image.fromarray(image[..., 0]) for image in images]
    for inputs in (files, list(images), pictures, (image for image in images)):
        np.testing.assert_allclose(scores(tagger(inputs, batch_size=4)), expected, atol=1e-6)
    of_folder = tagger(folder)
    assert [one.name for one in of_folder] == [str(path) for path in files]
    np.testing.assert_allclose(scores(of_folder), expected, atol=1e-6)
    np.testing.assert_allclose(scores(tagger(f'{folder}/*.png')), expected[:10], atol=1e-6)
    np.testing.assert_allclose(scores(tagger(str(files[0]))), expected[:1], atol=1e-6)


def test_worker_processes_load_what_is_loaded_here(tagger, images, folder, expected):
    inputs = [images[0], folder / 'none.png', *images[1:]]
    results = tagger((one for one in inputs), batch_size=4, workers=2)
    assert 'no such file' in results.pop(1).error
    np.testing.assert_allclose(scores(results), expected, atol=1e-6)


def test_the_most_probable_tags_replace_the_thresholds(tagger, images, expected):
    for one, row in zip(tagger(list(images), topk=3), expected):
        assert list(one.tags) == [DIGITS[index] for index in np.argsort(-row)[:3]]
    for topk in (0, 11):
        with pytest.raises(ValueError, match='expected topk from 1 to 10'):
            tagger(list(images), topk=topk)


def test_a_network_that_knows_its_config_is_used_itself(cfg, weights, images, expected):
    network = get_model(cfg, pretrained=str(weights))
    with DefaultScope.overwrite_default_scope('mmengine'):
        tagger = MultiLabelInferencer(network.train(), show_progress=False)
    assert tagger.model is network
    assert not network.training
    np.testing.assert_allclose(scores(tagger(list(images))), expected, atol=1e-6)
    del network._config
    with pytest.raises(ValueError, match='a network that knows its config, got ImageClassifier'):
        MultiLabelInferencer(network)
    with pytest.raises(TypeError, match='got int'):
        MultiLabelInferencer(3)


@pytest.mark.parametrize('head', ['MultiLabelLinearClsHead', 'CSRAClsHead', 'MultiLabelClsHead'])
def test_every_head_of_the_family_works(cfg, images, head):
    cfg = deepcopy(cfg)
    cfg.model.head = {'type': head, 'num_classes': 10, 'in_channels': 32}
    if head == 'CSRAClsHead':
        cfg.model.head.update(num_heads=2, lam=0.1)
        cfg.model.neck = None
    elif head == 'MultiLabelClsHead':  # its input are the logits
        cfg.model.head = {'type': head}
        cfg.model.neck = {'type': 'LinearNeck', 'in_channels': 32, 'out_channels': 10}
        cfg.model.neck.update(gap_dim=2, norm_cfg=None, act_cfg=None)
    network = get_model(cfg)
    found = scores(MultiLabelInferencer(network, show_progress=False)(list(images)))
    samples = cfg.test_dataloader.dataset
    with DefaultScope.overwrite_default_scope('mmpretrain'), torch.no_grad():
        batch = pseudo_collate(list(DATASETS.build(samples)))
        expected = [one.pred_score.numpy() for one in network.test_step(batch)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.mark.parametrize('classes', [DIGITS[::-1], [*DIGITS[:9], 'ten'], DIGITS, None])
def test_a_checkpoint_of_other_classes_is_refused(cfg, weights, tmp_path, classes):
    """Another order of a class list would give every image other tags."""
    state = torch.load(weights, weights_only=True)
    meta = {} if classes is None else {'dataset_meta': {'classes': tuple(classes)}}
    torch.save({'state_dict': state, 'meta': meta}, tmp_path / 'trained.pth')
    if classes in (None, DIGITS):
        assert MultiLabelInferencer(cfg, tmp_path / 'trained.pth').classes == tuple(DIGITS)
        return
    found = "'9' at position 0" if classes[0] == '9' else "'ten' at position 9"
    expected = (
        rf'trained\.pth was trained on other classes: the checkpoint has {found}, the config '
    )
    with pytest.raises(CheckpointError, match=expected):
        MultiLabelInferencer(cfg, tmp_path / 'trained.pth')
    with pytest.raises(CheckpointError, match=expected):  # of tools/tune_thresholds.py
        predict_dataset(cfg, str(tmp_path / 'trained.pth'))


def test_a_config_may_name_parts_by_their_classes(cfg, weights, images, expected):
    cfg = deepcopy(cfg)
    for step in cfg.test_dataloader.dataset.pipeline:
        step.type = TRANSFORMS.get(step.type)
    tagger = MultiLabelInferencer(cfg, weights, device='cpu', show_progress=False)
    np.testing.assert_allclose(scores(tagger(list(images))), expected, atol=1e-6)


def test_a_head_for_one_class_is_refused(cfg):
    cfg = deepcopy(cfg)
    cfg.model.head = {'type': 'LinearClsHead', 'num_classes': 10, 'in_channels': 32}
    with pytest.raises(ValueError, match='a head for several labels, of the family'):
        MultiLabelInferencer(get_model(cfg))
    cfg.model.head = {'type': 'MultiLabelLinearClsHead', 'num_classes': 9, 'in_channels': 32}
    with pytest.raises(ValueError, match='9 outputs, but the test set of the config 10 classes'):
        MultiLabelInferencer(get_model(cfg))


def test_a_loader_of_the_stock_stack_takes_broken_images_too(cfg, weights, folder, tmp_path):
    cfg = deepcopy(cfg)
    cfg.test_dataloader.dataset.pipeline.insert(
        0, {'type': 'LoadImageFromFile', 'color_type': 'grayscale', 'ignore_empty': True}
    )
    text = tmp_path / 'text.png'
    text.write_text('no image')
    tagger = MultiLabelInferencer(cfg, weights, device='cpu', show_progress=False)
    whole, broken = tagger([folder / '00.png', text])
    assert whole.error is None
    assert 'cannot be decoded' in broken.error


def test_tags_are_those_above_the_thresholds_sorted(cfg, weights, images, expected, tmp_path):
    limits = np.median(expected, 0)
    path = tmp_path / 'thresholds.json'
    write_thresholds(path, DIGITS, limits)
    for given in (path, limits, list(limits)):
        tagger = MultiLabelInferencer(cfg, weights, given, 'cpu', show_progress=False)
        for one, row in zip(tagger(list(images)), expected):
            assert set(one.tags) == {DIGITS[i] for i in np.flatnonzero(row > limits + 1e-6)}
            values = list(one.tags.values())
            assert values == sorted(values, reverse=True)
    assert MultiLabelInferencer(cfg, weights, device='cpu').thresholds.tolist() == [0.5] * 10
    tuned = tmp_path / 'tuned.pth'
    store_thresholds(weights, tuned, DIGITS, limits)
    assert MultiLabelInferencer(cfg, tuned, device='cpu').thresholds.tolist() == list(limits)


def test_broken_images_are_reported_or_stop(tagger, images, folder, expected, tmp_path):
    empty, missing = tmp_path / 'empty.jpg', tmp_path / 'missing.jpg'
    empty.touch()
    inputs = [images[0], empty, missing, np.zeros((4, 4, 2), np.uint8), images[1]]
    results = tagger(inputs)
    np.testing.assert_allclose(scores([results[0], results[4]]), expected[:2], atol=1e-6)
    for one, words in zip(results[1:4], ('an empty file', 'no such file', 'of shape')):
        assert words in one.error
        assert (one.probabilities, one.tags) == (None, {})
    assert [one.error for one in (results[0], results[4])] == [None, None]
    with pytest.raises(ValueError, match=r'empty\.jpg cannot be read'):
        tagger(inputs, on_error='stop')
    assert tagger([empty])[0].error


def test_results_come_as_they_are_ready(tagger, images):
    taken = []

    def source():
        for number, image in enumerate(images):
            taken.append(number)
            yield image

    stream = tagger.stream(source(), batch_size=2)
    next(stream)
    assert taken == [0, 1]


def test_the_default_scope_of_others_stays(cfg, weights, images, expected):
    with DefaultScope.overwrite_default_scope('mmengine'):
        tagger = MultiLabelInferencer(cfg, weights, device='cpu', show_progress=False)
        assert DefaultScope.get_current_instance().scope_name == 'mmengine'
        np.testing.assert_allclose(scores(tagger(list(images))), expected, atol=1e-6)


def test_a_shipped_config_is_found_by_its_name(weights):
    with pytest.raises(CheckpointError, match='does not fit the model'):
        MultiLabelInferencer('digits_0.4left_splc.py', weights, device='cpu')
    with pytest.raises(FileNotFoundError, match=r"no config 'nothing\.py'"):
        MultiLabelInferencer('nothing.py', weights)


def test_mistakes_are_refused(cfg, weights, tagger, tmp_path):
    with pytest.raises(ValueError, match='expected weights'):
        MultiLabelInferencer(cfg)
    for given in ([0.5] * 9, 1.5):
        with pytest.raises(ValueError, match='one for each of 10 classes'):
            MultiLabelInferencer(cfg, weights, given, 'cpu')
    path = tmp_path / 'thresholds.json'
    write_thresholds(path, ['ant', 'bee'], [0.2, 0.3])
    with pytest.raises(ValueError, match='2 classes that are not the 10 of the model'):
        MultiLabelInferencer(cfg, weights, path, 'cpu')
    (tmp_path / 'none').mkdir()
    with pytest.raises(ValueError, match='no image in this folder'):
        tagger(tmp_path / 'none')
    with pytest.raises(ValueError, match='no file matches'):
        tagger(f'{tmp_path}/*.jpg')
    with pytest.raises(TypeError, match='got int'):
        tagger(3)
    with pytest.raises(ValueError, match='unknown on_error'):
        tagger([], on_error='skip')


def test_the_class_is_at_the_top_by_its_name():
    assert 'MultiLabelInferencer' in mmpretrain_mlml.__all__
    assert 'MultiLabelInferencer' in dir(mmpretrain_mlml)


def test_predictions_are_explained(tagger, images, folder):
    (one,) = tagger(images[0], topk=1)
    explained = tagger.explain(images[0], list(one.tags))
    assert explained.maps.keys() == one.tags.keys()
    assert explained.image.shape[:2] == next(iter(explained.maps.values())).shape
    np.testing.assert_allclose(
        tagger.explain(folder / '00.png', list(one.tags)).maps[next(iter(one.tags))],
        explained.maps[next(iter(one.tags))],
    )
    with pytest.raises(ValueError, match=r'none\.png cannot be read'):
        tagger.explain('none.png')
