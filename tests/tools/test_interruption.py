"""A run that is killed or asked to stop resumes, and ends bitwise like one that nothing disturbed."""

import os
import random
import signal
import time

import pytest
from helpers.launched import EPOCHS, ITERATIONS, TIMEOUT, kill_at
from helpers.same_end import assert_same_end

from mmpretrain_mlml.repairs.loading import load_from_local

KILLS = int(os.environ.get('MLML_KILLS', 0))  # at random points; also asks for all chosen points
CHOSEN = {
    1: ['writing epoch:3', f'validating:{EPOCHS}'],
    2: ['validating:2 launcher', 'writing epoch:3 one'],
}
MORE = {
    1: [
        'training:1', 'written epoch:2', 'renamed epoch:2', 'pointing:2', 'validated:2',
        'writing best:3', 'renamed best:3', 'noting:3', 'noting:3', 'training:4',
    ],
    2: [
        'training:2 one', 'training:2:1 one', 'renamed epoch:2', 'pointing:3', 'validating:3:1 one',
        'validated:3 one', 'renamed best:3', 'noting:3 launcher', f'validating:{EPOCHS}',
    ],
}  # fmt: skip
WORKERS = ('train_dataloader.num_workers=1', 'val_dataloader.num_workers=1')
ONE_OR_TWO = pytest.mark.parametrize('processes', [1, pytest.param(2, marks=pytest.mark.dist)])
SLOW_IF_TWO = pytest.mark.parametrize(
    'processes', [1, pytest.param(2, marks=[pytest.mark.dist, pytest.mark.slow])]
)


@ONE_OR_TWO
def test_asked_to_stop_inside_an_epoch_it_saves_and_resumes_with_the_next_batch(
    processes, launch, straight, tmp_path
):
    work_dir = tmp_path / 'run'
    run = launch(work_dir, processes=processes, cfg=WORKERS)
    run.wait_for_log(f'Epoch(train) [4][1/{ITERATIONS}]')  # workers have loaded, and hold batches
    run.terminate()
    code = run.wait(TIMEOUT)
    log = run.log.read_text()
    assert 'asked to stop: saving interrupted.pth after iteration' in log
    if processes == 1:
        assert code == 128 + signal.SIGTERM
        assert 'Traceback' not in log
    else:  # the launcher reports the signal by a traceback of its own
        assert code != 0
        assert log.count('Traceback') == log.count('SignalException: Process') == 1
        assert 'terminate called' not in log
    interrupted = load_from_local(work_dir / 'interrupted.pth')
    assert interrupted['meta']['iter'] % ITERATIONS != 0
    assert len(interrupted['processes']) == processes
    assert launch(work_dir, processes=processes).wait() == 0
    assert not (work_dir / 'interrupted.pth').exists()
    assert_same_end(work_dir, straight(processes))


@SLOW_IF_TWO
def test_killed_at_chosen_points_it_ends_bitwise_like_an_undisturbed_run(
    processes, launch, straight, tmp_path
):
    """Two points here; all of them with MLML_KILLS=20."""
    points = MORE[processes] + CHOSEN[processes] if KILLS else CHOSEN[processes]
    for point in sorted(points, key=lambda point: int(point.split(':')[1].split()[0])):
        kill_at(point, launch, tmp_path / 'run', processes)
    assert launch(tmp_path / 'run', processes=processes).wait() == 0
    assert_same_end(tmp_path / 'run', straight(processes))


@pytest.mark.slow
@pytest.mark.skipif(not KILLS, reason='set MLML_KILLS=20 for twenty kills at random points')
@ONE_OR_TWO
def test_killed_at_random_points_it_ends_bitwise_like_an_undisturbed_run(
    processes, launch, straight, tmp_path
):
    work_dir, draw = tmp_path / 'run', random.Random(processes)
    longer = (f'train_cfg.max_epochs={2 * KILLS}',)
    for _ in range(KILLS):
        run = launch(work_dir, processes=processes, cfg=longer)
        run.wait_for_log('Epoch(train)')
        time.sleep(draw.uniform(0, 2))  # two or three epochs, with what comes between
        assert run.process.poll() is None
        run.kill()
    assert launch(work_dir, processes=processes, cfg=longer).wait() == 0
    assert_same_end(work_dir, straight(processes, *longer))


@pytest.mark.slow
@pytest.mark.dist
def test_other_numbers_of_processes_resume_and_end_with_the_schedule_of_their_length(
    launch, tmp_path
):
    """As elastic training does: two processes stop inside an epoch, one goes on, then two again."""
    work_dir = tmp_path / 'run'
    run = launch(work_dir, processes=2)
    run.wait_for_log(f'Epoch(train) [2][2/{ITERATIONS}]')
    run.terminate()
    assert run.wait(TIMEOUT) != 0
    before = load_from_local(str(work_dir / 'interrupted.pth'))
    one = launch(work_dir, processes=1, cfg=['train_cfg.max_epochs=2'])  # of the same 32 images
    assert one.wait(TIMEOUT) == 0
    assert f'Training continues at iteration {before["meta"]["iter"]}\n' in one.log.read_text()
    twice = ['train_dataloader.batch_size=32', 'train_cfg.max_epochs=3']  # of 64 images
    two = launch(work_dir, processes=2, cfg=twice)
    assert two.wait(TIMEOUT) == 0
    assert 'Training continues at iteration 8, and the schedule where' in two.log.read_text()
    end = load_from_local(str(work_dir / 'epoch_3.pth'))
    assert (end['meta']['epoch'], end['meta']['iter']) == (3, 12)
    (schedule,) = end['param_schedulers']
    assert (schedule['last_step'], schedule['total_steps']) == (12, 80 * 4)
