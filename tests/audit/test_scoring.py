"""Scores of digits: by folds, by networks and from files."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers import ROOT
from helpers.training import CONFIG, SMALL
from mmengine.config import Config, DictAction
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS, MODELS

from mmpretrain_mlml.audit import folds, score_training_images, training_labels
from mmpretrain_mlml.audit.folds import fold_runs
from mmpretrain_mlml.audit.prediction_file import match_predictions
from mmpretrain_mlml.evaluation import Predictions

IMAGES, CLASSES = 23, tuple('0123456789')


@pytest.fixture(scope='module')
def cfg():
    cfg = Config.fromfile(ROOT / CONFIG)
    changes = dict(pair.split('=') for pair in (*SMALL, f'train_dataloader.dataset.size={IMAGES}'))
    cfg.merge_from_dict({key: DictAction._parse_int_float_bool(v) for key, v in changes.items()})
    return cfg


@pytest.fixture(scope='module')
def labels(cfg):
    return training_labels(cfg)


@pytest.fixture
def checkpoint(cfg, tmp_path):
    """Makes a network that gives every class of every image one logit."""
    init_default_scope('mmpretrain')
    model = MODELS.build(cfg.model)

    def make(logit, name='net.pth', classes=CLASSES):
        state = model.state_dict()
        state['head.fc.weight'] = torch.zeros_like(state['head.fc.weight'])
        state['head.fc.bias'] = torch.full_like(state['head.fc.bias'], logit)
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        torch.save({'state_dict': state, 'meta': {'dataset_meta': {'classes': classes}}}, path)
        return str(path)

    return make


def test_each_image_is_scored_by_the_training_that_did_not_see_it(
    cfg, labels, checkpoint, tmp_path, monkeypatch
):
    seen = {}

    def train(runs, folder, jobs, resume):
        assert (jobs, resume) == (2, True)
        for number, run in enumerate(runs):
            dataset = DATASETS.build(run.content.train_dataloader.dataset)
            seen[number] = {dataset.get_data_info(i)['img'].tobytes() for i in range(len(dataset))}
            name = (folder / run.name / 'best_x.pth').relative_to(tmp_path)
            checkpoint(float(number), str(name))

    monkeypatch.setattr(folds, 'train', train)
    how = {'scores': 'folds', 'folds': 3, 'jobs': 2, 'cache': tmp_path}
    scores = score_training_images(cfg, labels, **how)
    number_of = np.log(scores / (1 - scores)).round().astype(int)
    assert (number_of == number_of[:, :1]).all()
    assert np.bincount(number_of[:, 0]).tolist() == [7, 8, 8]
    for row, number in enumerate(number_of[:, 0]):
        pixels = labels.dataset.get_data_info(row)['img'].tobytes()
        assert [pixels in seen[other] for other in range(3)] == [o != number for o in range(3)]


def test_folds_are_put_inside_the_wrappers_of_a_data_set(cfg):
    wrapped = Config(cfg.to_dict())
    inner = wrapped.train_dataloader.dataset
    wrapped.train_dataloader.dataset = {'type': 'RepeatDataset', 'times': 2, 'dataset': inner}
    dataset = fold_runs(wrapped, 2, 0)[1].content.train_dataloader.dataset
    assert [dataset.type, dataset.dataset.type] == ['RepeatDataset', 'KFoldDataset']
    assert (dataset.dataset.fold, dataset.dataset.num_splits) == (1, 2)


def test_folds_need_an_evaluator_that_saves_and_folds_that_are_not_empty(cfg, labels, tmp_path):
    other = Config(cfg.to_dict())
    other.val_evaluator = {'type': 'MultiLabelMetric'}
    how = {'scores': 'folds', 'cache': tmp_path}
    with pytest.raises(ValueError, match='expected val_evaluator to be one'):
        score_training_images(other, labels, **how)
    with pytest.raises(ValueError, match=r'expected folds in \[2, 23\], got 24'):
        score_training_images(cfg, labels, **how, folds=24)
    with pytest.raises(ValueError, match='a cache folder and no checkpoint'):
        score_training_images(cfg, labels, **how, checkpoint='a.pth')


def test_several_checkpoints_give_their_mean(cfg, labels, checkpoint):
    files = [checkpoint(0.0, 'a.pth'), checkpoint(100.0, 'b.pth')]
    scores = score_training_images(cfg, labels, scores='checkpoint', checkpoint=files)
    assert scores == pytest.approx(np.full((IMAGES, 10), 0.75))


def test_a_checkpoint_of_other_classes_is_refused(cfg, labels, checkpoint):
    one = checkpoint(0.0, classes=tuple('012345678x'))
    with pytest.raises(ValueError, match=r"net\.pth was .* 'x' at position 9, the config '9'"):
        score_training_images(cfg, labels, scores='checkpoint', checkpoint=one)
    one = checkpoint(0.0, classes=tuple('01'))
    with pytest.raises(ValueError, match='the checkpoint has 2, the config 10'):
        score_training_images(cfg, labels, scores='checkpoint', checkpoint=one)


def predictions(labels, names, targets=None):
    scores = np.random.default_rng(0).random((len(names), 10))
    targets = labels.table.dense() if targets is None else targets
    return Predictions(scores, targets, np.array(names), np.array(CLASSES))


def test_predictions_of_images_in_memory_match_by_their_place(labels):
    order = np.random.default_rng(1).permutation(IMAGES)
    given = predictions(labels, [str(row) for row in order], labels.table.dense()[order])
    scores = match_predictions(given, labels, 'p.npz')
    assert scores[order].tolist() == given.scores.tolist()


def test_predictions_of_other_images_in_memory_are_seen_by_their_labels(labels):
    other = predictions(labels, [str(row) for row in range(IMAGES)], labels.table.dense()[::-1])
    with pytest.raises(ValueError, match=r"p\.npz: image 0 lacks labels of 'train/000000'"):
        match_predictions(other, labels, 'p.npz')


class Files:
    """Training labels of images that are files in folders."""

    def __init__(self, labels, names):
        from mmpretrain_mlml.labels import LabelTable

        dense = labels.table.dense()[: len(names)]
        self.table = LabelTable.from_dense(names, dense, CLASSES)
        self.dataset = labels.dataset

    def file_of(self, row):
        return self.table.names[row]


def test_predictions_match_by_file_name_which_must_be_unique(labels):
    files = Files(labels, ['a/1.jpg', 'a/2.jpg'])
    given = predictions(files, ['2.jpg', '1.jpg'])
    assert match_predictions(given, files, 'p.npz').tolist() == given.scores[::-1].tolist()
    twins = Files(labels, ['a/1.jpg', 'b/1.jpg'])
    with pytest.raises(ValueError, match=r"one image '1.jpg' for 'a/1.jpg' and 'b/1.jpg'"):
        match_predictions(predictions(twins, ['1.jpg', '2.jpg']), twins, 'p.npz')
    with pytest.raises(ValueError, match=r"p.npz has 2 images called '1.jpg'"):
        match_predictions(predictions(twins, ['1.jpg', '1.jpg']), twins, 'p.npz')
    with pytest.raises(ValueError, match=r"no image 'a/1.jpg' of the training set"):
        match_predictions(predictions(files, ['x.jpg', '1.png']), files, 'p.npz')


def test_predictions_of_other_classes_say_where_they_differ(labels):
    given = predictions(labels, [str(row) for row in range(IMAGES)])
    swapped = replace(given, classes=given.classes[[0, 2, 1, *range(3, 10)]])
    with pytest.raises(
        ValueError, match=r"p\.npz is of other classes: the file has '2' at position 1"
    ):
        match_predictions(swapped, labels, 'p.npz')
