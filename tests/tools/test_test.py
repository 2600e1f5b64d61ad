"""tools/test.py scores a checkpoint as the training did, and refuses one that does not fit."""

from helpers.training import CONFIG, assert_same_scores, options, read_scores

TEST = ('python', 'tools/test.py')


def test_show_dir_also_gives_a_page_of_errors(trained, run_tool, tmp_path):
    shown = ('--show-dir', tmp_path / 'shown', '--interval', 1000, '--work-dir', tmp_path)
    said = run_tool(*TEST, CONFIG, trained / 'epoch_3.pth', *shown, *options())
    assert f'the worst errors of each class: {tmp_path}/shown/errors.html' in said
    names = sorted(path.name for path in (tmp_path / 'shown').iterdir())
    assert names == ['0_0.png', 'errors.html']


def test_scores_are_those_of_the_last_validation(trained, run_tool, tmp_path):
    out = ('--out', tmp_path / 'metrics.json', '--out-item', 'metrics', '--work-dir', tmp_path)
    run_tool(*TEST, CONFIG, trained / 'epoch_3.pth', *out, *options(), cold=True)
    assert_same_scores(tmp_path / 'metrics.json', read_scores(trained)[-1])


def test_a_checkpoint_that_does_not_fit_is_not_scored(released, run_tool, tmp_path):
    command = (*TEST, 'configs/digits_full_bce.py', released[0], '--work-dir', tmp_path)
    text = run_tool(*command, expect=1)
    assert 'does not fit the model of this config' in text
    assert 'tools/convert_checkpoint.py' in text
    assert 'Epoch(test)' not in text
