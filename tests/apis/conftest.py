import pytest
from helpers.training import CONFIG
from mmengine.config import Config


@pytest.fixture(scope='module')
def cfg():
    """A config of digits with a small network, of its own for each module."""
    cfg = Config.fromfile(CONFIG)
    small = {'backbone.base_channels': 4, 'backbone.stem_channels': 4, 'head.in_channels': 32}
    cfg.merge_from_dict({f'model.{key}': value for key, value in small.items()})
    return cfg
