"""Typical mistakes end every tool with one clear line and no traceback."""

import pytest

DIGITS = 'configs/digits_0.4left_splc.py'
TYPO = ('--cfg-options', 'train_dataloader.dataset.type=DigitScene')
MEANT = "no type 'DigitScene' is registered; did you mean 'DigitScenes'?"


@pytest.mark.parametrize(
    ('command', 'message'),
    [
        (('browse.py', 'nope.py'), "No such file or directory: 'nope.py'"),
        (('browse.py', 'BROKEN'), "broken.py:2: SyntaxError: '(' was never closed"),
        (('browse.py', DIGITS, *TYPO), MEANT),
        (('check_dataset.py', DIGITS, *TYPO), MEANT),
        (('export.py', DIGITS, 'nope.pth', 'out', *TYPO), MEANT),
        (('export.py', DIGITS, 'nope.pth', 'out'), 'no checkpoint at nope.pth'),
        (('convert_checkpoint.py', 'BROKEN', 'x.pth', 'y.pth'), 'broken.py:2: SyntaxError'),
        (('plot_losses.py', 'SPLC(tou=1)'), "SPLC has no argument 'tou'; did you mean 'tau'?"),
        (('collect_results.py', 'nowhere'), 'no folder nowhere'),
        (('write_lists.py', 'nowhere'), 'no nowhere/annotations/instances_train2014.json'),
        (('study.py', 'nope.py'), 'no study file nope.py'),
        (('train.py', 'BROKEN'), "broken.py:2: SyntaxError: '(' was never closed"),
    ],
)
def test_a_mistake_is_one_line(command, message, run_tool, tmp_path):
    broken = tmp_path / 'broken.py'
    broken.write_text('x = 1\nmodel = dict(\n')
    tool, *arguments = (broken if part == 'BROKEN' else part for part in command)
    text = run_tool('python', f'tools/{tool}', *arguments, expect=1)
    assert message in text
    assert 'Traceback' not in text
    assert 'error: ' in text.splitlines()[-1]
