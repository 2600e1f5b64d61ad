import pytest
import timm
import torch
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS

FEATURES = 'mmpretrain_mlml.TimmFeatures'


@pytest.mark.parametrize('name', ['test_resnet', 'test_vit', 'test_mambaout'])
def test_features_are_those_before_the_classifier_of_timm(name):
    """Of networks whose features are maps, tokens and maps with channels last."""
    init_default_scope('mmpretrain')
    ours = MODELS.build(dict(type=FEATURES, model_name=name))
    ours.eval()
    theirs = timm.create_model(name).eval()
    theirs.load_state_dict(ours.timm_model.state_dict(), strict=False)
    images = torch.randn(2, 3, 160, 160)
    with torch.no_grad():
        (features,) = ours(images)
        expected = theirs.forward_head(theirs.forward_features(images), pre_logits=True)
    assert features.ndim == 2
    assert torch.equal(features, expected)


def test_pretrained_weights_come_from_a_file_and_stay(tmp_path):
    file = tmp_path / 'weights.pth'
    source = timm.create_model('test_resnet')
    torch.save(source.state_dict(), file)
    config = dict(type=FEATURES, model_name='test_resnet', pretrained=True)
    init_default_scope('mmpretrain')
    network = MODELS.build({**config, 'pretrained_cfg_overlay': dict(file=str(file))})
    network.init_weights()
    loaded, expected = network.timm_model.state_dict(), source.state_dict()
    assert loaded.keys() < expected.keys()
    assert all(torch.equal(loaded[key], expected[key]) for key in loaded)


def test_without_a_network_the_message_says_what_to_do(monkeypatch, tmp_path):
    def fail(*_, **__):
        raise FileNotFoundError('no connection')

    monkeypatch.setattr(timm, 'create_model', fail)
    init_default_scope('mmpretrain')
    config = dict(type=FEATURES, model_name='test_resnet', pretrained=True)
    expected = r'weights of test_resnet \(no connection\). .*pretrained_cfg_overlay.file=FILE'
    with pytest.raises(RuntimeError, match=expected):
        MODELS.build(config)
    with pytest.raises(FileNotFoundError, match='no connection'):
        MODELS.build({**config, 'pretrained_cfg_overlay': dict(file='gone.pth')})
