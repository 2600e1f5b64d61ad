"""What runs logged."""

from helpers.study_runs import write_finished
from helpers.work_dirs import write_run

from mmpretrain_mlml.study import read_recovery, read_scores
from mmpretrain_mlml.study.records.logs import logged_versions, training_seconds


def test_resumptions_are_one_run_and_a_new_start_replaces_the_old(tmp_path):
    def scores():
        return [row['multi-label/mAP'] for row in read_scores(tmp_path)]

    write_run(tmp_path, [1, 2, 3], '20260101_000000')
    write_run(tmp_path, [33, 4], '20260102_000000', first=3)
    assert scores() == [1, 2, 33, 4]
    write_run(tmp_path, [7, 8], '20260103_000000')
    assert scores() == [7, 8]


def test_a_line_of_scores_that_a_killed_process_left_unfinished_is_passed_over(tmp_path):
    write_finished(tmp_path, '0.4left_bce')
    (log,) = tmp_path.glob('*/vis_data/scalars.json')
    whole = read_scores(tmp_path)
    log.write_text(log.read_text().rstrip() + '\n{"multi-label/mA')
    assert read_scores(tmp_path) == whole
    assert len(whole) == 2


def test_time_counts_from_the_last_start_over_its_resumptions(tmp_path):
    def write(scores, time, seconds, first=1):
        write_run(tmp_path, scores, time, first=first)
        lines = [f'2026/01/01 00:00:{at:02} - mmengine - INFO - x' for at in (0, seconds)]
        (tmp_path / time / f'{time}.log').write_text('\n'.join(lines))

    write([1, 2], '20260101_000000', 30)
    assert training_seconds(tmp_path) == 30
    write([3], '20260102_000000', 5, first=3)
    assert training_seconds(tmp_path) == 35
    write([4], '20260103_000000', 7)
    assert training_seconds(tmp_path) == 7
    (tmp_path / '20260103_000000/20260103_000000.log').write_text('nothing')
    assert training_seconds(tmp_path) == 0


def test_versions_are_those_of_the_last_log(tmp_path):
    for time, version in (('20260101_000000', '2.12'), ('20260102_000000', '2.14')):
        write_run(tmp_path, [1], time)
        log = f'    Python: 3.11.7 (main)\n    PyTorch: {version}\n    PyTorch compiling: x\n'
        (tmp_path / time / f'{time}.log').write_text(log)
    assert logged_versions(tmp_path) == {'python': '3.11.7', 'torch': '2.14'}


def test_a_run_without_the_hook_recovered_nothing(tmp_path):
    assert read_recovery(tmp_path) == []
