"""What a checkpoint lacks to resume from it is said."""

import pytest
import torch
from helpers.runners import make_runner
from helpers.stock_runs import best_elsewhere, from_the_best

from mmpretrain_mlml.repairs import incomplete_checkpoints


@pytest.mark.parametrize(
    'extra', [{}, {'meta': {}}, {'meta': None}, {'meta': {'epoch': 1, 'iter': 3}}]
)
def test_weights_alone_are_refused_with_a_way_to_use_them(tmp_path, extra):
    """A bare state, a converted checkpoint, and a best checkpoint."""
    state = make_runner(tmp_path).model.state_dict()
    torch.save({'state_dict': state, **extra}, tmp_path / 'best.pth')
    runner = make_runner(tmp_path, load_from=str(tmp_path / 'best.pth'), resume=True)
    with pytest.raises(RuntimeError, match=r'best\.pth holds weights alone.*load_from=FILE'):
        runner.train()
    torch.save(state, tmp_path / 'elsewhere.pth')
    runner = make_runner(tmp_path, load_from=str(tmp_path / 'elsewhere.pth'), resume=True)
    with pytest.raises(RuntimeError, match=r'elsewhere\.pth holds weights alone'):
        runner.train()


def test_a_best_checkpoint_of_mmengine_resumes_as_before_with_a_warning(
    stock, repaired, tmp_path, monkeypatch
):
    assert repaired['from_the_best'] == stock['from_the_best']
    messages = []
    monkeypatch.setattr(incomplete_checkpoints, 'print_log', lambda text, *_: messages.append(text))
    from_the_best(tmp_path)
    (message,) = messages
    assert 'best_acc_epoch_2.pth holds no optimizer and no param_schedulers' in message


def test_a_whole_checkpoint_is_resumed_from_without_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(incomplete_checkpoints, 'print_log', None)
    assert best_elsewhere(tmp_path)['epoch'] == 2
