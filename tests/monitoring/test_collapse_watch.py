"""A model that finds far more than is labelled causes one warning, in the first epochs."""

import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from helpers.processes import run_ranks
from helpers.runners import make_runner
from mmengine.config import Config
from mmengine.runner import Runner

from mmpretrain_mlml import BCE, RLC, SPLC, Hill, LLCt, config
from mmpretrain_mlml.monitoring.collapse_watch import CollapseWatch

ROOT = Path(__file__).parents[2]
WARNING = 'the model may be collapsing'
PRIOR = [{'type': 'mmpretrain_mlml.LabelPriorHook'}]


def call(loss, above, labelled, entries=100, unknown=0):
    """Call a loss with a batch of so many confident, labelled and unknown entries."""
    x, y = torch.full((1, entries), -4.0), torch.zeros(1, entries)
    x[:, :above], y[:, :labelled] = 4.0, 1.0
    if unknown:
        x[:, -unknown:], y[:, -unknown:] = 4.0, -1.0  # confident too, but not counted
    loss(x.requires_grad_(), y)


@pytest.mark.parametrize('cls', [Hill, SPLC])
def test_unobserved_entries_are_watched_and_verified_absences_are_not(cls):
    def warning(target):
        watch, loss = CollapseWatch(), cls(unknown='unobserved')
        if cls is SPLC:
            loss.set_epoch(0)
        watch.begin([loss], 0, 1)
        watch.before_batch(0)
        loss(torch.full((1, 100), 4.0, requires_grad=True), target)
        return watch.end()

    target = torch.full((1, 100), -1.0)
    target[:, :10] = 1
    assert '100.0% of the entries have a probability above' in warning(target)
    target[target < 0] = 0
    assert warning(target) is None


def epoch_of(loss, number, batches, watch=None):
    """Return the warning after an epoch of batches, which are arguments of :func:`call`."""
    watch = watch or CollapseWatch()
    if hasattr(loss, 'set_epoch'):
        loss.set_epoch(number)
    watch.begin([torch.nn.Linear(1, 1), loss], number, len(batches))
    for index, batch in enumerate(batches):
        watch.before_batch(index)
        call(loss, **batch)
    warning = watch.end()
    assert not loss._forward_hooks
    return warning


GOOD, BAD = {'above': 10, 'labelled': 10}, {'above': 60, 'labelled': 10}


@pytest.mark.parametrize('loss', [Hill(), SPLC()])
def test_only_the_last_quarter_of_an_epoch_counts(loss):
    assert epoch_of(loss, 0, 6 * [BAD] + 2 * [GOOD]) is None
    warning = epoch_of(loss, 0, 6 * [GOOD] + 2 * [BAD])
    assert warning.startswith(f'{WARNING}: at the end of epoch 1 60.0% of the entries')
    assert f'above {loss.saturation:.2f}, but 10.0% are labelled' in warning
    assert ('change_epoch=1' in warning) == isinstance(loss, SPLC)
    assert epoch_of(loss, 0, [BAD]) is not None  # the only batch is the last quarter


@pytest.mark.parametrize(('batch', 'collapsed'), [
    ({'above': 40, 'labelled': 10}, False), ({'above': 41, 'labelled': 10}, True),  # four times
    ({'above': 2, 'labelled': 0}, False), ({'above': 3, 'labelled': 0}, True),  # of all entries
    ({'above': 65, 'labelled': 30}, False), ({'above': 66, 'labelled': 30}, True),  # half the others
    ({'above': 20, 'labelled': 5, 'unknown': 60}, False),  # of the 40 that are known
    ({'above': 21, 'labelled': 5, 'unknown': 60}, True),
])  # fmt: skip
def test_limit_is_four_times_the_labelled_or_half_of_the_others(batch, collapsed):
    assert (epoch_of(Hill(), 0, [batch]) is not None) == collapsed


@pytest.mark.parametrize(('loss', 'watched'), [
    (Hill(), {0, 1, 2}), (SPLC(), {0, 1, 2}), (RLC(change_epoch=4), {3, 4, 5}),
    (SPLC(change_epoch=0), {0, 1}), (BCE(), set()), (LLCt(), set()),
])  # fmt: skip
def test_losses_that_saturate_are_watched_in_the_first_epochs(loss, watched):
    assert {e for e in range(8) if epoch_of(loss, e, [BAD])} == watched


def test_warning_is_given_once_and_ends_the_watch():
    loss, watch = Hill(), CollapseWatch()
    assert epoch_of(loss, 0, [BAD], watch)
    watch.begin([loss], 1, 1)
    assert not loss._forward_hooks
    assert epoch_of(loss, 1, [BAD], watch) is None


def test_compiled_loss_is_watched_without_a_graph_break():
    loss, watch = Hill(), CollapseWatch()
    compiled = torch.compile(loss, backend='eager', fullgraph=True)
    watch.begin([loss], 0, 8)
    for index, batch in enumerate(6 * [GOOD] + 2 * [BAD]):
        watch.before_batch(index)
        call(compiled, **batch)
    assert '60.0%' in watch.end()
    watch.begin([loss], 1, 1)
    call(compiled, **BAD)  # not announced as a batch of the last quarter
    assert watch.end() is None


def collapsing(work_dir, loss='SPLC', bias=4.0, **changes):
    """Train a model that finds nearly everything at the start, and learns little."""
    changes.setdefault('optim_wrapper', {'optimizer': {'lr': 1e-6}})
    model = {'head': {'loss': {'type': loss, '_delete_': True}}}
    runner = make_runner(work_dir, model=model, **changes)
    runner.model.init_weights()
    runner.model._is_init = True
    with torch.no_grad():
        runner.model.head.fc.bias.fill_(bias)
    runner.train()
    return runner


def warnings_of(work_dir):
    (log,) = work_dir.glob('*/*.log')
    return log.read_text().count(WARNING)


@pytest.mark.parametrize('loss', ['Hill', 'SPLC'])
def test_collapsing_run_is_warned_once(loss, tmp_path):
    collapsing(tmp_path / 'bad', loss)
    assert warnings_of(tmp_path / 'bad') == 1
    collapsing(tmp_path / 'cured', loss, custom_hooks=PRIOR)
    assert warnings_of(tmp_path / 'cured') == 0
    resumed = {'load_from': str(tmp_path / 'bad/epoch_3.pth'), 'resume': True}
    late = collapsing(tmp_path / 'late', loss, train_cfg={'max_epochs': 5}, **resumed)
    assert late.iter == 15
    assert warnings_of(tmp_path / 'late') == 0  # after the first epochs


def test_iteration_loop_is_watched_by_passes(tmp_path, monkeypatch):
    monkeypatch.setattr('mmengine.runner.loops.time.sleep', lambda seconds: None)
    by_iter = {
        'train_cfg': {'_delete_': True, 'by_epoch': False, 'max_iters': 7},
        'train_dataloader': {'sampler': {'type': 'InfiniteSampler'}},
        'param_scheduler': None,
        'default_hooks': {'checkpoint': {'by_epoch': False, 'interval': 7}},
    }
    collapsing(tmp_path, **by_iter)
    assert warnings_of(tmp_path) == 1


@pytest.mark.parametrize('name', ['hill', 'splc'])
def test_shipped_digits_configs_are_not_warned_of(name, tmp_path):
    cfg = Config.fromfile(config(f'digits_0.4left_{name}.py'))
    cfg.work_dir, cfg.experiment_name = str(tmp_path), f'shipped-{name}'
    cfg.log_level = 'WARNING'
    cfg.train_dataloader.dataset.size = 640
    cfg.val_dataloader.dataset.size = 20
    Runner.from_cfg(cfg).train()
    assert warnings_of(tmp_path) == 0


def work(rank, folder):
    dist.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=2)
    warnings = [
        epoch_of(Hill(), 0, [{'above': (0 if rank else above), 'labelled': 2}])
        for above in (12, 30)
    ]
    (folder / f'warnings{rank}').write_text('\n'.join(map(str, warnings)))
    dist.destroy_process_group()


@pytest.mark.dist
def test_two_processes_judge_their_entries_together(tmp_path):
    """The first one alone would warn of 12 in 100 where 2 are labelled; 12 of 200 are fine."""
    run_ranks(__file__, tmp_path)
    first, second = ((tmp_path / f'warnings{rank}').read_text() for rank in (0, 1))
    assert first == second
    assert first.startswith(f'None\n{WARNING}: at the end of epoch 1 15.0% of the entries')


if __name__ == '__main__':
    work(int(sys.argv[1]), Path(sys.argv[2]))
