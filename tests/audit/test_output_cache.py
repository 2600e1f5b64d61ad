import errno

import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmpretrain_mlml.audit import output_cache
from mmpretrain_mlml.audit.output_cache import cached_outputs


class Images:
    """Images in memory, of which one can be broken."""

    def __init__(self, count=7):
        self.pixels = np.arange(count, dtype=np.float32).reshape(-1, 1)
        self.broken, self.read = None, []

    def __len__(self):
        return len(self.pixels)

    def get_data_info(self, row):
        return {'img': self.pixels[row]}

    def __getitem__(self, row):
        if row == self.broken:
            raise OSError('killed')
        self.read.append(row)
        return {'inputs': torch.from_numpy(self.pixels[row]), 'data_samples': row}


class Network(torch.nn.Module):
    """Multiplies by its weight."""

    def __init__(self, weight=2.0):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.tensor(weight))
        self.head = torch.nn.Linear(1, 1)

    def data_preprocessor(self, batch, training):
        return {**batch, 'inputs': torch.stack(list(batch['inputs']))}

    def extract_feat(self, inputs):
        return (inputs * self.weight,)


CONFIG = Config(
    {
        'model': {'type': 'Network', 'head': {}},
        'val_dataloader': {'batch_size': 2, 'dataset': {'pipeline': []}},
    }
)


def features(folder, images, network=None, config=CONFIG):
    return cached_outputs(folder, network or Network(), config, images, 'features')


def test_what_was_computed_before_an_interruption_is_not_repeated(tmp_path, monkeypatch):
    monkeypatch.setattr(output_cache, 'SECONDS', 0.0)
    images = Images()
    images.broken = 5
    with pytest.raises(OSError, match='killed'):
        features(tmp_path, images)
    images.broken, images.read = None, []
    assert features(tmp_path, images).tolist() == (images.pixels * 2).tolist()
    assert images.read == [4, 5, 6]
    images.read = []
    assert features(tmp_path, images).tolist() == (images.pixels * 2).tolist()
    assert not images.read


def test_a_full_disk_is_named_and_loses_no_earlier_part(tmp_path, monkeypatch):
    monkeypatch.setattr(output_cache, 'SECONDS', 0.0)
    save = np.save

    def full_after_one_part(file, part):
        if part[0] > 0:
            raise OSError(errno.ENOSPC, 'No space left on device')
        save(file, part)

    images = Images()
    with monkeypatch.context() as patch:
        patch.setattr(output_cache.np, 'save', full_after_one_part)
        with pytest.raises(OSError, match=r'could not write .*0000000002\.npy .No space left'):
            features(tmp_path, images)
    images.read = []
    assert features(tmp_path, images).tolist() == (images.pixels * 2).tolist()
    assert images.read == [2, 3, 4, 5, 6]


def test_a_damaged_part_is_computed_again(tmp_path):
    features(tmp_path, Images())
    (part,) = tmp_path.glob('*/*.npy')
    part.write_bytes(part.read_bytes()[:-3])
    images = Images()
    assert features(tmp_path, images).tolist() == (images.pixels * 2).tolist()
    assert len(images.read) == 7


def test_other_images_weights_and_pipelines_have_other_outputs(tmp_path):
    features(tmp_path, Images())
    brighter = Images()
    brighter.pixels += 1
    assert features(tmp_path, brighter)[0] == 2
    assert features(tmp_path, Images(), Network(3.0))[1] == 3
    resized = Config({**CONFIG.to_dict()})
    resized.val_dataloader.dataset.pipeline = [{'type': 'Resize'}]
    images = Images()
    features(tmp_path, images, config=resized)
    assert len(images.read) == 7


def test_features_do_not_depend_on_the_head_which_may_be_random(tmp_path):
    features(tmp_path, Images())
    images = Images()
    features(tmp_path, images)  # with another random head
    assert not images.read


def test_a_changed_file_is_another_image(tmp_path):
    file = tmp_path / 'a.jpg'
    file.write_bytes(b'1')
    before = output_cache._identity({'img_path': str(file)})
    file.write_bytes(b'12')
    assert output_cache._identity({'img_path': str(file)}) != before
    missing = output_cache._identity({'img_path': str(tmp_path / 'b.jpg')})
    assert b'b.jpg' in missing
