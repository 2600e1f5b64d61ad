"""Our tools refuse weights of which nothing fits; MMEngine alone, and others' tools, do not."""

import mmengine.runner.checkpoint as mmengine_checkpoint
import pytest
import torch
from helpers.runners import make_runner
from mmengine.model import BaseTTAModel
from mmengine.model.weight_init import PretrainedInit
from mmengine.runner import Runner
from torch import nn

from mmpretrain_mlml.runtime.fitting import refuse_unrelated_weights

OTHER = {'state_dict': {f'blocks.{i}.w': torch.zeros(1) for i in range(9)}}


class Wrapped(BaseTTAModel):
    """What tools/test.py --tta builds."""

    def __init__(self, module):
        nn.Module.__init__(self)
        self.module = module

    def merge_preds(self, data_samples_list):
        return data_samples_list


class Separate(nn.Module):
    """A model whose parts are wrapped, as MMSeparateDistributedDataParallel does."""

    def __init__(self, module):
        super().__init__()
        self.part = nn.DataParallel(module)


class Renaming(nn.Linear):
    """A module of a user that reads files with other names."""

    def __init__(self, module):
        super().__init__(2, 3)
        self._register_load_state_dict_pre_hook(self._rename)

    @staticmethod
    def _rename(state_dict, prefix, *args):
        for key in list(state_dict):
            state_dict[key.removeprefix('old_')] = state_dict.pop(key)


CASES = {  # what loads a whole file, and the prefix of its names
    'data parallel': (nn.DataParallel, ''),
    'test-time augmentation': (Wrapped, ''),
    'parts that are wrapped': (Separate, 'part.'),
    'a hook that renames every key': (Renaming, 'old_'),
}


@pytest.fixture(params=['as a guest', 'in our tools'])
def tools(request, monkeypatch):
    """Whether the tools of this project run, which refuse."""
    ours = request.param == 'in our tools'
    if ours:
        for owner, name in ((mmengine_checkpoint, 'load_state_dict'), (PretrainedInit, '__call__'),
                            (Runner, 'load_checkpoint')):  # fmt: skip
            monkeypatch.setattr(owner, name, getattr(owner, name))
        refuse_unrelated_weights()
    return ours


@pytest.mark.parametrize('case', CASES)
def test_whatever_is_around_a_model_its_weights_are_loaded(tmp_path, tools, case):
    wrap, prefix = CASES[case]
    written = nn.Linear(2, 3)
    state = {prefix + key: value for key, value in written.state_dict().items()}
    torch.save({'state_dict': state}, tmp_path / 'x.pth')
    model = wrap(nn.Linear(2, 3))
    mmengine_checkpoint.load_checkpoint(model, str(tmp_path / 'x.pth'), strict=case != 'none')
    weight, bias = model.parameters()
    assert torch.equal(weight, written.weight)
    assert torch.equal(bias, written.bias)


@pytest.mark.parametrize('state', [{}, {'weight': torch.zeros(9)}, {'other': torch.zeros(9)}])
def test_a_file_of_which_nothing_fits(tmp_path, tools, state):
    torch.save({'state_dict': state}, tmp_path / 'x.pth')
    load = lambda: PretrainedInit(str(tmp_path / 'x.pth'))(nn.Linear(2, 3))  # noqa: E731
    if not tools:
        load()
        return
    with pytest.raises(RuntimeError, match=r'x\.pth does not fit the model: none of its . tensors'):
        load()


@pytest.mark.parametrize('tools', ['in our tools'], indirect=True)
@pytest.mark.parametrize('how', ['init_cfg', 'load_from'])
def test_weights_of_another_network_are_refused_by_name(tmp_path, how, tools):
    path = tmp_path / 'other.pth'
    torch.save(OTHER, path)
    if how == 'load_from':
        runner = make_runner(tmp_path)
        load = lambda: runner.load_checkpoint(filename=str(path))  # noqa: E731
    else:
        init = {'type': 'Pretrained', 'checkpoint': str(path)}
        load = make_runner(tmp_path, model={'backbone': {'init_cfg': init}}).model.init_weights
    with pytest.raises(
        RuntimeError, match=r'other\.pth does not fit the model: none of its 9 tensors'
    ):
        load()
    state = make_runner(tmp_path / 'part').model.backbone.state_dict()
    torch.save({'conv1.weight': state['conv1.weight']}, path)  # one that fits is enough
    if how == 'init_cfg':
        load()
