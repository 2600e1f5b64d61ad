"""Killed or asked to stop, a run goes on with --resume and ends as if nothing had been."""

import os
import random
import signal
import time
from functools import cache

import pytest
import torch
from launched import EPOCHS, ITERATIONS, Launched, assert_same_end, write_config

KILLS = int(os.environ.get('MLML_KILLS', 0))  # at random points, beside those at chosen ones
# Where the processes are killed, in turn: all of them, or one, and the launcher sees to the others.
CHOSEN = {
    1: ['validating:2', 'writing epoch:3', f'validating:{EPOCHS}'],
    2: ['validating:2', 'writing epoch:3 one'],
}
MORE = {
    1: [
        'training:1', 'written epoch:2', 'renamed epoch:2', 'pointing:2', 'validated:2',
        'writing best:3', 'renamed best:3', 'noting:3', 'noting:3', 'training:4',
    ],
    2: [
        'training:2 one', 'training:2:1 one', 'renamed epoch:2', 'pointing:3', 'validating:3:1 one',
        'validated:3 one', 'renamed best:3', 'noting:3 one', f'validating:{EPOCHS} one',
    ],
}  # fmt: skip


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    return write_config(tmp_path_factory.mktemp('interruption'))


@pytest.fixture(scope='module')
def start(config, free_port):
    def start(work_dir, *options, processes=1, obstacle=''):
        port = free_port() if processes > 1 else ''
        options = ['--resume', *options]
        return Launched(
            config,
            work_dir,
            *options,
            processes=processes,
            port=port,
            obstacle=obstacle.removesuffix(' one'),
        )

    return start


@pytest.fixture(scope='module')
def straight(config, start):
    """The folder of a run that nothing disturbs."""

    @cache
    def run(processes):
        work_dir = config.parent / f'straight{processes}'
        assert start(work_dir, processes=processes).wait() == 0
        return work_dir

    return run


PROCESSES = [1, pytest.param(2, marks=pytest.mark.dist)]


@pytest.mark.slow
@pytest.mark.parametrize('processes', PROCESSES)
def test_asked_to_stop_inside_an_epoch_it_saves_and_goes_on_with_the_next_batch(
    processes, start, straight, tmp_path
):
    work_dir = tmp_path / 'run'
    run = start(work_dir, processes=processes)
    run.wait_for(work_dir / 'epoch_3.pth')
    run.process.send_signal(signal.SIGTERM)
    code = run.wait(60)
    log = run.log.read_text()
    assert 'asked to stop: saving interrupted.pth after iteration' in log
    if processes == 1:
        assert code == 128 + signal.SIGTERM
        assert 'Traceback' not in log
    else:  # the launcher reports the signal by a traceback of its own
        assert code != 0
        assert log.count('Traceback') == log.count('SignalException: Process') == 1
        assert 'terminate called' not in log
    interrupted = torch.load(work_dir / 'interrupted.pth', weights_only=True)
    assert interrupted['meta']['iter'] % ITERATIONS != 0
    assert len(interrupted['processes']) == processes
    assert start(work_dir, processes=processes).wait() == 0
    assert not (work_dir / 'interrupted.pth').exists()
    assert_same_end(work_dir, straight(processes))


@pytest.mark.slow
@pytest.mark.parametrize('processes', PROCESSES)
def test_killed_at_chosen_and_random_points_it_ends_bitwise_as_if_nothing_had_been(
    processes, start, straight, tmp_path
):
    """A few chosen points here; all of them, and 20 random ones, with MLML_KILLS=20."""
    work_dir, draw = tmp_path / 'run', random.Random(processes)
    expected = straight(processes)
    for point in MORE[processes] if KILLS else []:
        kill_at(point, start(work_dir.with_name('chosen'), processes=processes, obstacle=point))
    if KILLS:
        assert start(work_dir.with_name('chosen'), processes=processes).wait() == 0
        assert_same_end(work_dir.with_name('chosen'), expected)
    for kill in range(KILLS):
        run = start(work_dir, processes=processes)
        run.wait_for(work_dir / ('epoch_1.pth' if kill == 0 else 'last_checkpoint'))
        if kill:
            time.sleep(draw.uniform(4, 9))  # importing, building, training, validating, saving
        time.sleep(draw.uniform(0, 0.5))
        run.kill()
    for point in CHOSEN[processes] if not KILLS else []:
        kill_at(point, start(work_dir, processes=processes, obstacle=point))
    assert start(work_dir, processes=processes).wait() == 0
    assert_same_end(work_dir, expected)


def kill_at(point, run):
    """Kills a run where it waits: all processes at once, or the one that waits."""
    waiting = run.wait_for_obstacle()
    if point.endswith(' one'):
        os.kill(waiting, signal.SIGKILL)
        assert run.wait(60) != 0
    else:
        run.kill()
