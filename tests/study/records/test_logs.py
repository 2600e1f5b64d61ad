"""What runs logged."""

from helpers.study_runs import write_finished
from helpers.support import write_run

from mmpretrain_mlml.study import read_scores


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
